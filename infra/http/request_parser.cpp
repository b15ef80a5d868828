#include "infra/http/request_parser.hpp"

#include "infra/http/trace_context.hpp"
#include "infra/http/utf8.hpp"

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

namespace dacapo::http {
namespace {

namespace beast = boost::beast;
using beast::http::field;
using beast::http::verb;

constexpr std::string_view empty_string_field = "\"\"";  // RFC 8941
constexpr HeadError malformed{};
constexpr HeadError bad_host{400, "bad_host", "A request needs exactly one valid Host field."};
constexpr HeadError bad_encoding{400, "bad_transfer_encoding",
                                 "The framing of the request's body is ambiguous."};
constexpr HeadError unknown_encoding{501, "unsupported_transfer_encoding",
                                     "Only chunked transfer encoding is known."};
constexpr HeadError repeated{400, "duplicate_header", "A field that may occur once is given twice."};
constexpr HeadError not_text{400, "invalid_utf8", "A header field is not valid UTF-8."};
constexpr HeadError too_many_fields{431, "too_many_headers", "The request has too many header fields."};
constexpr HeadError head_too_long{431, "headers_too_large", "The request's header is too long."};
constexpr HeadError target_too_long{414, "target_too_long", "The request's path and query are too long."};
constexpr HeadError bad_version{505, "http_version_not_supported",
                                "Only HTTP/1.1 and HTTP/1.0 are spoken here."};
constexpr HeadError body_too_long{413, "body_too_large",
                                  "The request's body is larger than this route takes."};
constexpr HeadError no_tunnel{405, "method_not_allowed", "This method is not served anywhere."};

bool same_word(std::string_view one, std::string_view lower) {
    const auto fold = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return std::ranges::equal(one, lower, {}, fold);
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

template <class Visit>
void for_each_in_list(std::string_view list, Visit&& visit) {
    while (!list.empty()) {
        const auto comma = std::min(list.find(','), list.size());
        if (const auto item = trimmed(list.substr(0, comma)); !item.empty()) visit(item);
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
}

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

// Beast checks the grammar and does the counting of lengths and chunks; what arrives is sorted here.
class Parser : public beast::http::basic_parser<true> {
public:
    Parser(const Limits& limits, Request& request, Head& head)
        : limits_(limits), request_(request), head_(head) {
        header_limit(static_cast<std::uint32_t>(limits.header_bytes_max + limits.chunk_overhead_bytes_max));
        body_limit(boost::none);  // Ours is asked where bytes are taken, since a route may choose it late.
        eager(true);
    }

    std::string target;
    std::size_t body_bytes_max = 0;
    std::size_t overhead_bytes = 0;
    std::optional<HeadError> body_error;
    bool header_done = false;
    bool host_seen = false;
    bool upgrade_named = false;
    int version = 11;

private:
    using Error = beast::error_code;

    void refuse(const HeadError& error) {
        if (!head_.error) head_.error = error;
    }

    void on_request_impl(verb method, beast::string_view, beast::string_view raw_target, int version_,
                         Error&) override {
        version = version_;
        switch (method) {
            case verb::get:
                request_.method = Method::get;
                break;
            case verb::head:
                request_.method = Method::head;
                break;
            case verb::post:
                request_.method = Method::post;
                break;
            case verb::put:
                request_.method = Method::put;
                break;
            case verb::patch:
                request_.method = Method::patch;
                break;
            case verb::delete_:
                request_.method = Method::del;
                break;
            case verb::options:
                request_.method = Method::options;
                break;
            case verb::connect:
                refuse(no_tunnel);  // Its target is no path, and what follows it is no body.
                break;
            default:
                request_.method = Method::other;
                break;
        }
        if (version != 11 && version != 10) refuse(bad_version);
        if (raw_target.size() > limits_.target_bytes_max) refuse(target_too_long);
        target.assign(raw_target.data(), raw_target.size());
    }

    void on_response_impl(int, beast::string_view, int, Error&) override {}

    void take_once(std::string& place, std::string_view value) {
        if (!place.empty()) return refuse(repeated);
        if (!is_utf8(value)) return refuse(not_text);
        place = value;
    }

    void take_list(std::string& place, std::string_view value, std::string_view separator) {
        if (!is_utf8(value)) return refuse(not_text);
        if (!place.empty()) place += separator;
        place += value;
    }

    // Of two nobody can say which one is right. A trace is no reason to refuse anything.
    void take_traceparent(std::string_view value) {
        request_.traceparent = traceparent_seen_ ? std::string() : traceparent_of(value);
        traceparent_seen_ = true;
    }

    void take_transfer_encoding(std::string_view value) {
        if (encoding_seen_ || length_seen_) refuse(bad_encoding);
        encoding_seen_ = true;
        if (same_word(trimmed(value), "chunked")) return;
        // RFC 9112 6.3: where chunked is there but not alone at the end, nobody can say where the body ends.
        bool chunked_before = false;
        for_each_in_list(value, [&](std::string_view coding) {
            if (chunked_before) refuse(bad_encoding);
            chunked_before = chunked_before || same_word(coding, "chunked");
        });
        refuse(unknown_encoding);  // Unless refused already.
    }

    void on_field_impl(field name, beast::string_view name_text, beast::string_view raw, Error&) override {
        if (header_done) return;  // A trailer: whatever it says comes too late to be believed.
        if (++field_count_ > limits_.field_count_max) return refuse(too_many_fields);
        const auto value = view(raw);
        switch (name) {
            case field::forwarded:
                return take_list(head_.forwarded, value, ", ");
            case field::host:
                if (host_seen || !is_host(value)) refuse(bad_host);
                host_seen = true;
                head_.host = value;
                return;
            case field::content_length:
                if (encoding_seen_) refuse(bad_encoding);
                length_seen_ = true;
                return;
            case field::transfer_encoding:
                return take_transfer_encoding(value);
            case field::expect:
                if (same_word(value, "100-continue"))
                    head_.expects_continue = true;
                else
                    refuse({417, "expectation_failed", "Only 100-continue can be expected."});
                return;
            case field::authorization:
                return take_once(request_.authorization, value);
            case field::content_type:
                return take_once(request_.content_type, value);
            case field::if_match:
                return take_list(request_.if_match, value, ", ");
            case field::if_none_match:
                return take_list(request_.if_none_match, value, ", ");
            case field::cookie:
                return take_list(request_.cookie, value, "; ");
            case field::origin:
                return take_once(request_.origin, value);
            case field::accept_encoding:
                return take_list(request_.accept_encoding, value, ", ");
            case field::user_agent:
                if (is_utf8(value)) request_.user_agent = value;
                return;
            case field::upgrade:
                for_each_in_list(value, [this](std::string_view word) {
                    if (same_word(word, "websocket")) upgrade_named = true;
                });
                return;
            case field::sec_websocket_key:
                return take_once(head_.websocket_key, value);
            case field::sec_websocket_version:
                return take_once(head_.websocket_version, value);
            case field::sec_websocket_protocol:
                for_each_in_list(value,
                                 [this](std::string_view word) { head_.subprotocols.emplace_back(word); });
                return;
            case field::access_control_request_method:
                return take_once(head_.preflight_method, value);
            case field::access_control_request_headers:
                return take_list(head_.preflight_headers, value, ", ");
            case field::unknown:
                return take_unknown(view(name_text), value);
            default:
                return;
        }
    }

    // Fields that Beast has no name for.
    void take_unknown(std::string_view name, std::string_view value) {
        // Somebody who sends an empty one wants something of it, and is refused like an empty string.
        if (same_word(name, "idempotency-key"))
            return take_once(request_.idempotency_key, value.empty() ? empty_string_field : value);
        if (same_word(name, "dacapo-position")) return take_list(request_.dacapo_position, value, ",");
        if (same_word(name, "x-forwarded-for")) return take_list(head_.x_forwarded_for, value, ", ");
        if (same_word(name, "dacapo-hop")) request_.forwarded = true;
        if (same_word(name, "traceparent")) return take_traceparent(value);
        if (same_word(name, "x-request-id")) return take_once(request_.request_id, value);
    }

    void on_header_impl(Error&) override { header_done = true; }
    void on_body_init_impl(const boost::optional<std::uint64_t>&, Error&) override {}

    std::size_t take_body(beast::string_view bytes, Error& error) {
        if (bytes.size() > body_bytes_max - std::min(body_bytes_max, request_.body.size())) {
            body_error = body_too_long;
            error = beast::http::error::body_limit;
            return 0;
        }
        request_.body.append(bytes.data(), bytes.size());
        return bytes.size();
    }
    std::size_t on_body_impl(beast::string_view bytes, Error& error) override {
        return take_body(bytes, error);
    }
    void on_chunk_header_impl(std::uint64_t size, beast::string_view, Error& error) override {
        if (size <= body_bytes_max - std::min(body_bytes_max, request_.body.size())) return;
        body_error = body_too_long;
        error = beast::http::error::body_limit;
    }
    std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view bytes, Error& error) override {
        return take_body(bytes, error);
    }
    void on_finish_impl(Error&) override {}

    const Limits& limits_;
    Request& request_;
    Head& head_;
    std::size_t field_count_ = 0;
    bool encoding_seen_ = false;
    bool length_seen_ = false;
    bool traceparent_seen_ = false;
};

HeadError head_error_of(const beast::error_code& fault) {
    using beast::http::error;
    if (fault == error::bad_version) return bad_version;
    if (fault == error::header_limit) return head_too_long;
    if (fault == error::bad_transfer_encoding || fault == error::bad_content_length ||
        fault == error::multiple_content_length) {
        return bad_encoding;
    }
    return malformed;
}

}  // namespace

void Head::clear() {
    keep_alive = expects_continue = chunked = version_10 = upgrades_to_websocket = false;
    content_length = 0;
    error.reset();
    for (std::string* text : {&host, &x_forwarded_for, &forwarded, &preflight_method, &preflight_headers,
                              &websocket_key, &websocket_version})
        text->clear();
    subprotocols.clear();
}

struct RequestParser::Impl {
    explicit Impl(const Limits& limits_) : limits(limits_) {}

    const Limits& limits;
    std::optional<Parser> parser;
    std::size_t scanned = 0;     // of the head that find_head() looks for
    std::size_t line_begin = 0;  // of the line that is being scanned
};

RequestParser::RequestParser(const Limits& limits) : impl_(std::make_unique<Impl>(limits)) {}
RequestParser::~RequestParser() = default;
RequestParser::RequestParser(RequestParser&&) noexcept = default;

std::size_t RequestParser::find_head(std::string_view bytes, std::optional<HeadError>& error) {
    auto& [limits, parser, scanned, line_begin] = *impl_;
    const auto fail = [&](const HeadError& why) {
        error = why;
        return std::size_t{0};
    };
    while (scanned < bytes.size()) {
        const void* hit = std::memchr(bytes.data() + scanned, '\n', bytes.size() - scanned);
        if (hit == nullptr) {
            scanned = bytes.size();
            break;
        }
        const auto newline = static_cast<std::size_t>(static_cast<const char*>(hit) - bytes.data());
        if (newline == 0 || bytes[newline - 1] != '\r') return fail(malformed);
        const bool folded = line_begin > 0 && (bytes[line_begin] == ' ' || bytes[line_begin] == '\t');
        if (folded) return fail(malformed);  // RFC 9112 5.2; Beast would unfold it silently.
        scanned = newline + 1;
        if (scanned > limits.header_bytes_max) return fail(line_begin <= 2 ? target_too_long : head_too_long);
        const bool empty_line = newline == line_begin + 1;
        // One empty line before a request is forgiven (RFC 9112 2.2), as old clients send it behind a body.
        if (empty_line && scanned == 4) return fail(malformed);
        if (empty_line && scanned > 2) {
            const auto length = std::exchange(scanned, 0);
            line_begin = 0;
            return length;
        }
        line_begin = scanned;
    }
    // "GET " and " HTTP/1.1" do not count as target; a request line alone may be longer than the header may.
    if (line_begin <= 2 && bytes.size() > limits.target_bytes_max + 32) return fail(target_too_long);
    if (bytes.size() > limits.header_bytes_max) return fail(head_too_long);
    return 0;
}

void RequestParser::parse_head(std::string_view bytes, Request& request, Head& head) {
    request.clear();
    head.clear();
    if (bytes.starts_with("\r\n")) bytes.remove_prefix(2);
    Parser& parser = impl_->parser.emplace(impl_->limits, request, head);
    beast::error_code error;
    parser.eager(false);
    std::size_t used = 0;
    while (!error && used < bytes.size() && !parser.header_done)
        used += parser.put({bytes.data() + used, bytes.size() - used}, error);
    parser.eager(true);
    if (error && !head.error) head.error = head_error_of(error);
    if (!error && !parser.header_done) head.error = head.error ? head.error : malformed;
    if (head.error) return;

    if (!parser.host_seen) head.error = bad_host;
    if (parser.chunked() && parser.version < 11) head.error = bad_encoding;
    if (head.error) return;
    head.chunked = parser.chunked();
    head.version_10 = parser.version < 11;
    head.keep_alive = parser.keep_alive();
    head.content_length = head.chunked ? 0 : parser.content_length().value_or(0);
    head.upgrades_to_websocket =
        !head.version_10 && parser.upgrade() && parser.upgrade_named;  // RFC 6455 4.1
    head.error = parse_target(parser.target, head.host, request);
}

std::size_t RequestParser::parse_body(std::string_view bytes, std::size_t body_bytes_max, Request& request,
                                      std::optional<HeadError>& error) {
    Parser& parser = *impl_->parser;
    parser.body_bytes_max = body_bytes_max;
    std::size_t used = 0;
    while (used < bytes.size() && !parser.is_done() && !error) {
        // At least "0\r\n\r\n" is still to come. Given fewer bytes of it a second time, Beast 1.81 fails an
        // assertion.
        if (parser.chunked() && bytes.size() - used < 5) break;
        beast::error_code fault;
        const auto body_before = request.body.size();
        const auto taken = parser.put({bytes.data() + used, bytes.size() - used}, fault);
        used += taken;
        parser.overhead_bytes += taken - std::min(taken, request.body.size() - body_before);
        if (fault == beast::http::error::need_more) break;
        if (parser.body_error)
            error = parser.body_error;
        else if (fault)
            error = malformed;
    }
    // Behind a complete body the next request may be waiting; before its end, whatever waits is overhead too.
    const auto waiting = parser.is_done() ? 0 : bytes.size() - used;
    if (!error && parser.overhead_bytes + waiting > impl_->limits.chunk_overhead_bytes_max)
        error = head_too_long;
    return used;
}

bool RequestParser::body_complete() const { return impl_->parser && impl_->parser->is_done(); }

}  // namespace dacapo::http
