// What stands in the head of an answer, whatever bytes it is made of: as many lines as there are fields, each
// with its own value, and a problem whose `instance` is a path of this host.
#include "infra/http/problem.hpp"
#include "infra/http/response_writer.hpp"
#include "infra/http/target.hpp"
#include "infra/http/utf8.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <vector>

using namespace dacapo::http;
using Fields = std::vector<std::pair<std::string, std::string>>;

namespace {

constexpr std::array<int, 6> statuses{200, 201, 204, 304, 404, 429};
constexpr std::string_view line_end = "\r\n";
constexpr char separator = 0x1F;

void require(bool holds) {
    if (!holds) std::abort();
}

// Names and values in turn.
std::vector<std::string_view> parts_of(std::string_view text) {
    std::vector<std::string_view> parts;
    while (!text.empty()) {
        const auto end = std::min(text.find(separator), text.size());
        parts.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parts;
}

bool splits(std::string_view text) { return text.find_first_of(std::string_view("\r\n\0", 3)) != text.npos; }

Fields set(Response& response, std::string_view text) {
    Fields accepted;
    const auto parts = parts_of(text);
    for (std::size_t at = 0; at + 1 < parts.size(); at += 2) {
        const auto count = response.headers.size();
        try {
            response.set_header(parts[at], parts[at + 1]);
            require(!parts[at].empty() && !splits(parts[at]) && !splits(parts[at + 1]));
            accepted.emplace_back(parts[at], parts[at + 1]);
        } catch (const std::invalid_argument&) {
            require(parts[at].empty() || splits(parts[at]) || splits(parts[at + 1]));
            require(response.headers.size() == count);
        }
    }
    return accepted;
}

// The lines of the head, without the first. What follows them is `rest`.
std::vector<std::string_view> lines_of(std::string_view bytes, std::string_view& rest) {
    std::vector<std::string_view> lines;
    while (true) {
        const auto end = bytes.find(line_end);
        require(end != bytes.npos);
        const auto line = bytes.substr(0, end);
        require(!splits(line));
        bytes.remove_prefix(end + line_end.size());
        if (line.empty()) break;
        lines.push_back(line);
    }
    require(lines.front().starts_with("HTTP/1.1 "));
    lines.erase(lines.begin());
    rest = bytes;
    return lines;
}

// Each of `fields` is one line more, but for those that take the place of a line that every answer has.
void check_head(Response response, const Fields& fields, const ResponseFacts& facts) {
    std::string bytes;
    write_response(response, facts, bytes);
    std::string_view rest;
    const auto lines = lines_of(bytes, rest);
    const bool bodiless = response.status == 204 || response.status == 304 || facts.head_only;
    require(rest == (bodiless ? std::string_view() : response.content()));

    std::size_t at = 0;
    for (const auto& [name, value] : fields) {
        const auto line = name + ": " + value;
        const auto found = std::find(lines.begin() + static_cast<std::ptrdiff_t>(at), lines.end(), line);
        require(found != lines.end());  // in their order
        at = static_cast<std::size_t>(found - lines.begin()) + 1;
    }
    const auto is = [](std::string_view name, std::string_view lower) {
        return std::ranges::equal(name, lower, {}, [](char c) {
            return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        });
    };
    const auto named = [&](std::string_view lower) -> std::size_t {
        return std::ranges::any_of(fields, [&](const auto& field) { return is(field.first, lower); }) ? 1 : 0;
    };
    response.headers.clear();
    std::string plain;
    write_response(response, facts, plain);
    std::string_view ignored;
    const auto own = lines_of(plain, ignored).size();
    require(lines.size() == own + fields.size() - named("cache-control") - named("content-security-policy"));
}

bool is_hex_digit(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f');
}

// RFC 3986 4.2, without scheme and host: one slash, then segments; or `*`, which is a segment as well.
bool is_path_reference(std::string_view text) {
    constexpr std::string_view others = "-._~!$&'()*+,;=:@/";
    if (text == "*") return true;
    if (!text.starts_with('/') || text.starts_with("//")) return false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (c == '%') {
            if (at + 2 >= text.size() || !is_hex_digit(text[at + 1]) || !is_hex_digit(text[at + 2]))
                return false;
            at += 2;
        } else if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                     others.find(c) != others.npos)) {
            return false;
        }
    }
    return true;
}

void check_problem(std::string_view target, std::string_view text, const ResponseFacts& facts) {
    Request request;
    request.method = Method::options;
    if (parse_target(target, "example.org", request)) return;
    request.request_id = "r1";
    // As of a route that ends in a name.
    if (request.path.size() > 1) request.names.push_back(request.path.substr(request.path.rfind('/') + 1));
    Problem problem(404, "not_found", is_utf8(text) ? std::string(text) : "Nothing is here.");
    problem.errors.push_back({'/' + problem.detail, "wrong", problem.detail});
    const auto response = to_response(problem, request);
    check_head(response, {}, facts);
    const auto body = boost::json::parse(response.body);
    require(is_path_reference(std::string_view(body.at("instance").as_string())));
    require(body.at("detail").as_string() == problem.detail);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
    ResponseFacts facts;
    facts.date = "Thu, 01 Jan 1970 00:00:00 GMT";
    facts.request_id = "r1";
    facts.keep_alive = (data[0] & 8) != 0;
    facts.announce_keep_alive = (data[0] & 16) != 0;
    facts.secure = (data[0] & 32) != 0;
    facts.head_only = (data[0] & 64) != 0;
    if ((data[0] & 128) != 0) facts.allowed_origin = "https://app.example";

    Response response;
    response.status = statuses[data[0] % statuses.size()];
    response.body = text;
    const auto fields = set(response, text);
    check_head(response, fields, facts);
    const auto parts = parts_of(text);
    check_problem(parts.empty() ? std::string_view() : parts[0],
                  parts.size() < 2 ? std::string_view() : parts[1], facts);
    return 0;
}
