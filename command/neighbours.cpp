#include "command/neighbours.hpp"

#include "command/shard.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace dacapo {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

constexpr std::chrono::seconds patience{15};  // longer than a record may take to become durable
// While a shard changes hands nobody decides it, and then not everybody knows who does. That takes less,
// unless its owner has been lost.
constexpr std::chrono::milliseconds handover_patience{1'000};
constexpr std::chrono::milliseconds handover_look{20};
constexpr std::chrono::seconds signature_age_max{60};
constexpr std::string_view signature_scheme = "Dacapo-Cluster ";
constexpr std::string_view hop_header = "Dacapo-Hop";

http::Problem outcome_unknown() {
    http::Problem problem(503, "outcome_unknown",
                          "The server that decides this has not answered. Retry with the same key.");
    problem.headers.emplace_back("Retry-After", "1");
    return problem;
}

// What a client may see of the other server's answer; the rest this one adds by itself.
constexpr std::array<std::string_view, 8> headers_passed_on{
    "Dacapo-Position", "Set-Cookie",       "Location",      "ETag",
    "Retry-After",     "WWW-Authenticate", "Cache-Control", "Idempotency-Replayed"};

std::string percent_encoded(std::string_view text, std::string_view kept) {
    std::string encoded;
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           kept.find(c) != kept.npos;
        if (plain) {
            encoded += c;
        } else {
            constexpr std::string_view digits = "0123456789ABCDEF";
            const auto byte = static_cast<unsigned char>(c);
            encoded += '%';
            encoded += digits[byte >> 4];
            encoded += digits[byte & 15];
        }
    }
    return encoded;
}

std::string target_of(const http::Request& request) {
    auto target = percent_encoded(request.path, "/-._~");
    char separator = '?';
    for (const auto& [key, value] : request.query) {
        target += separator;
        target += percent_encoded(key, "-._~") + '=' + percent_encoded(value, "-._~");
        separator = '&';
    }
    return target;
}

http::ClientRequest sent_on(const http::Request& request) {
    http::ClientRequest sent;
    sent.method = request.method;
    sent.target = target_of(request);
    sent.body = request.body;
    const auto add = [&](std::string_view name, const std::string& value) {
        if (!value.empty()) sent.headers.emplace_back(name, value);
    };
    add("Authorization", request.authorization);
    add("Content-Type", request.content_type);
    add("If-Match", request.if_match);
    add("If-None-Match", request.if_none_match);
    add("Idempotency-Key", request.idempotency_key);
    add("Traceparent", request.traceparent);
    add("User-Agent", request.user_agent);
    add("X-Request-Id", request.request_id);
    add("X-Forwarded-For", request.remote_address);  // believed where this server is a TRUSTED_PROXY
    sent.headers.emplace_back(hop_header, "1");
    return sent;
}

http::Response response_of(http::ClientResponse answer) {
    http::Response response;
    response.status = answer.status;
    if (answer.header("Content-Type").starts_with("application/problem+json"))
        response.content_type = "application/problem+json";
    response.body = std::move(answer.body);
    for (const auto name : headers_passed_on)
        if (const auto value = answer.header(name); !value.empty()) response.set_header(name, value);
    return response;
}

// The other server's refusal, as if it had been made here.
[[noreturn]] void rethrow_refusal(const http::ClientResponse& answer) {
    boost::system::error_code fault;
    const auto body = json::parse(answer.body, fault);
    const auto* members = fault ? nullptr : body.if_object();
    const auto text = [&](const char* name) {
        const auto* found = members ? members->if_contains(name) : nullptr;
        return found && found->is_string() ? std::string(found->get_string()) : std::string();
    };
    if (text("code").empty() || answer.status < 400) throw outcome_unknown();
    http::Problem problem(answer.status, text("code"), text("detail"));
    if (const auto retry = answer.header("Retry-After"); !retry.empty())
        problem.headers.emplace_back("Retry-After", retry);
    throw problem;
}

[[noreturn]] void refuse_signature() {
    throw http::Problem(401, "not_of_this_cluster", "Only servers of the same cluster may ask this.");
}

}  // namespace

Neighbours::Neighbours(std::string cluster_secret, std::string own_url, OwnerOf owner_of, const Clock& clock)
    : key_(HmacKey(cluster_secret).derived("internal commands")),
      own_url_(std::move(own_url)),
      owner_of_(std::move(owner_of)),
      clock_(clock) {}

std::string Neighbours::owner_url(int shard) const {
    const auto url = owner_of_(shard);
    // Told to be the owner without being one: the hint is older than what this server knows.
    if (!url || *url == own_url_) throw ShardElsewhere(shard);
    return *url;
}

asio::awaitable<http::ClientResponse> Neighbours::send(int shard, http::ClientRequest request) {
    try {
        auto sent = client_.send(owner_url(shard), std::move(request), patience);
        co_return co_await std::move(sent);
    } catch (const http::NotSent&) {
        throw ShardElsewhere(shard);
    } catch (const http::NoAnswer&) {
        throw outcome_unknown();
    }
}

asio::awaitable<json::object> Neighbours::ask(int shard, std::string name, json::object question) {
    question["ask"] = name;
    http::ClientRequest request;
    request.method = http::Method::post;
    request.target = internal_path;
    request.body = json::serialize(question);
    const auto time = std::to_string(clock_.now().time_since_epoch().count());
    request.headers = {
        {"Content-Type", "application/json"},
        {"Authorization", std::string(signature_scheme) + time + '.' + signature_of(time, request.body)},
        {std::string(hop_header), "1"}};
    const auto answer = co_await send(shard, std::move(request));
    if (answer.status != 200) rethrow_refusal(answer);
    boost::system::error_code fault;
    auto body = json::parse(answer.body, fault);
    if (fault || !body.is_object()) throw outcome_unknown();
    co_return std::move(body.get_object());
}

asio::awaitable<http::Response> Neighbours::forward(int shard, const http::Request& request) {
    auto answer = co_await send(shard, sent_on(request));
    co_return response_of(std::move(answer));
}

std::string Neighbours::signature_of(std::string_view time_ms, std::string_view body) const {
    return hex(key_.sign(std::string(time_ms) + '.' + std::string(body)));
}

void Neighbours::check_signature(const http::Request& request) const {
    std::string_view given = request.authorization;
    if (!given.starts_with(signature_scheme)) refuse_signature();
    given.remove_prefix(signature_scheme.size());
    const auto dot = given.find('.');
    if (dot == given.npos) refuse_signature();
    const auto time = given.substr(0, dot);
    std::int64_t time_ms = 0;
    const auto [end, error] = std::from_chars(time.data(), time.data() + time.size(), time_ms);
    if (error != std::errc{} || end != time.data() + time.size()) refuse_signature();
    const auto age = std::chrono::milliseconds(clock_.now().time_since_epoch().count() - time_ms);
    if (age > signature_age_max || age < -signature_age_max) refuse_signature();
    if (!equal_in_constant_time(given.substr(dot + 1), signature_of(time, request.body))) refuse_signature();
}

asio::awaitable<http::Response> Neighbours::take(http::Request& request) {
    check_signature(request);
    boost::system::error_code fault;
    auto question = json::parse(request.body, fault);
    const auto* name = fault || !question.is_object() ? nullptr : question.get_object().if_contains("ask");
    const auto found =
        name && name->is_string() ? answers_.find(std::string_view(name->get_string())) : answers_.end();
    if (found == answers_.end())
        throw http::Problem(400, "unknown_question", "This server does not answer that.");
    auto answered = found->second(std::move(question.get_object()));
    const auto answer = co_await std::move(answered);
    http::Response response;
    response.body = json::serialize(answer);
    co_return response;
}

http::Route Neighbours::route() {
    http::Route route;
    route.method = http::Method::post;
    route.pattern = internal_path;
    route.operation_id = "internalCommand";
    route.tag = "Cluster";
    route.internal = true;
    route.body_schema = R"({"type":"object"})";
    route.handler = [this](http::Request& request) { return take(request); };
    return route;
}

namespace {

// The other does not decide it either: nothing was recorded.
bool says_elsewhere(const http::Response& response) {
    return response.status == 503 &&
           response.content().find(R"("code":"shard_elsewhere")") != std::string::npos;
}

asio::awaitable<http::Response> answer_or_send_on(const http::Handler& handler, Neighbours& neighbours,
                                                  http::Request& request) {
    const auto deadline = std::chrono::steady_clock::now() + handover_patience;
    asio::steady_timer timer(co_await asio::this_coro::executor);
    for (;;) {
        int shard = 0;
        try {
            auto answered = handler(request);
            co_return co_await std::move(answered);
        } catch (const ShardElsewhere& elsewhere) {
            if (request.forwarded) throw;
            shard = elsewhere.shard;
        }
        const bool last = std::chrono::steady_clock::now() >= deadline;
        try {
            auto sent = neighbours.forward(shard, request);
            auto response = co_await std::move(sent);
            if (last || !says_elsewhere(response)) co_return response;
        } catch (const ShardElsewhere&) {
            if (last) throw;
        }
        timer.expires_after(handover_look);
        co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    }
}

}  // namespace

std::vector<http::Route> forwarding(std::vector<http::Route> routes, Neighbours& neighbours) {
    for (auto& route : routes) {
        if (route.method == http::Method::get) continue;
        route.handler = [handler = std::move(route.handler), &neighbours](http::Request& request) {
            return answer_or_send_on(handler, neighbours, request);
        };
    }
    return routes;
}

}  // namespace dacapo
