#include "tests/support/answer_rules.hpp"

#include "infra/http/message.hpp"
#include "infra/http/problem.hpp"
#include "query/documents/problems.hpp"

#include <algorithm>
#include <array>

namespace dacapo::test {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 17> codes_before_routes{"malformed_request",
                                                               "bad_host",
                                                               "bad_transfer_encoding",
                                                               "unsupported_transfer_encoding",
                                                               "duplicate_header",
                                                               "invalid_utf8",
                                                               "too_many_headers",
                                                               "headers_too_large",
                                                               "target_too_long",
                                                               "bad_target",
                                                               "duplicate_query_key",
                                                               "http_version_not_supported",
                                                               "request_timeout",
                                                               "expectation_failed",
                                                               "wrong_host",
                                                               "wrong_role",
                                                               "no_server"};  // the proxy's

constexpr std::array<std::string_view, 26> general_fields{"access-control-allow-credentials",
                                                          "access-control-allow-headers",
                                                          "access-control-allow-methods",
                                                          "access-control-allow-origin",
                                                          "access-control-expose-headers",
                                                          "access-control-max-age",
                                                          "allow",
                                                          "cache-control",
                                                          "connection",
                                                          "content-encoding",
                                                          "content-length",
                                                          "content-security-policy",
                                                          "content-type",
                                                          "cross-origin-opener-policy",
                                                          "cross-origin-resource-policy",
                                                          "date",
                                                          "referrer-policy",
                                                          "sec-websocket-version",
                                                          "server",
                                                          "set-cookie",
                                                          "strict-transport-security",
                                                          "upgrade",
                                                          "vary",
                                                          "www-authenticate",
                                                          "x-content-type-options",
                                                          "x-request-id"};
static_assert(std::ranges::is_sorted(general_fields));

// In small letters.
constexpr auto inner_words = std::to_array<std::string_view>({
    // SQL and what its engines say
    "select ",
    "insert into",
    "delete from",
    "update set",
    "sqlstate",
    "sqlite",
    "postgres",
    "libpq",
    "relation ",
    "no such table",
    "no such column",
    "no such file",
    "constraint",
    "syntax error at",
    "near \"",
    "malformed",
    "disk i/o",
    "disk image",
    "not a database",
    "is locked",
    "statement",
    "fatal:",
    "error:",
    "transaction",
    "schema",
    // the log and its brokers
    "kafka",
    "broker",
    "partition",
    "topic",
    "offset",
    // files and sources
    "/tmp",
    "/var",
    "/home",
    "/etc",
    "/proc",
    ".db",
    ".cpp",
    ".hpp",
    "errno",
    "no space left",
    "permission denied",
    // sockets behind the server
    "127.0.0.1",
    "localhost",
    "connection refused",
    "connection reset",
    // C++
    "exception",
    "std::",
    "boost",
    "bad_alloc",
    "what()",
    "basic_string",
    "out_of_range",
    "terminate",
    "0x",
});

std::string lower(std::string_view text) {
    std::string result(text);
    for (auto& c : result)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    return result;
}

// The field without which an error of this status says too little (RFC 9110 11.6.1, 15.5.6, 15.5.22).
std::string_view field_of(int status) {
    switch (status) {
        case 401:
            return "WWW-Authenticate";
        case 405:
            return "Allow";
        case 426:
            return "Upgrade";
        case 429:
        case 503:
            return "Retry-After";
        default:
            return {};
    }
}

std::string fault_in_text(std::string_view text) {
    const auto searched = lower(text);
    for (const auto word : inner_words)
        if (searched.find(word) != searched.npos)
            return "it speaks of \"" + std::string(word) + "\": " + std::string(text);
    return {};
}

// Who waits as long as Retry-After says must find a whole quota (draft-ietf-httpapi-ratelimit-headers).
std::string fault_in_waits(const HttpAnswer& answer) {
    const auto limit = answer.header("RateLimit");
    const auto at = limit.find(";t=");
    if (at == limit.npos || !answer.has_header("Retry-After")) return {};
    const bool sooner = std::stoll(answer.header("Retry-After")) < std::stoll(limit.substr(at + 3));
    return sooner ? "Retry-After is earlier than RateLimit's t" : "";
}

}  // namespace

bool is_code_before_routes(std::string_view code) {
    return std::ranges::find(codes_before_routes, code) != codes_before_routes.end();
}

bool is_general_field(std::string_view name) {
    return std::ranges::binary_search(general_fields, std::string_view(lower(name)));
}

bool is_socket_path(std::string_view target) {
    auto path = target.substr(0, target.find('?'));
    if (path.starts_with("/api/")) path.remove_prefix(4);
    return path == "/ws" || (path.starts_with("/ws/") && path.find('/', 4) == path.npos);
}

std::string fault_in_fields(const HttpAnswer& answer) {
    for (const auto& [name, value] : Headers{{"Server", "dacapo"},
                                             {"X-Content-Type-Options", "nosniff"},
                                             {"Referrer-Policy", "no-referrer"},
                                             {"Cross-Origin-Resource-Policy", "same-site"},
                                             {"Vary", "Origin"}})
        if (answer.header(name) != value) return name + " is \"" + answer.header(name) + '"';
    for (const auto* name : {"Content-Security-Policy", "Cache-Control", "Date", "X-Request-Id"})
        if (!answer.has_header(name)) return std::string(name) + " is missing";
    if (answer.header("Content-Security-Policy").find("frame-ancestors 'none'") == std::string::npos)
        return "pages of elsewhere may frame it";
    if (!answer.body.empty() && !answer.has_header("Content-Type")) return "a body without its type";
    return fault_in_waits(answer);
}

std::string fault_in_switch(std::string_view target, const HttpAnswer& answer) {
    if (!is_socket_path(target)) return "no path of a WebSocket";
    for (const auto& [name, value] :
         Headers{{"Server", "dacapo"}, {"Upgrade", "websocket"}, {"Connection", "Upgrade"}})
        if (answer.header(name) != value) return name + " is \"" + answer.header(name) + '"';
    for (const auto* name : {"Date", "X-Request-Id", "Sec-WebSocket-Accept"})
        if (!answer.has_header(name)) return std::string(name) + " is missing";
    if (answer.has_header("Content-Length")) return "a body of a 101";
    return {};
}

std::string fault_in_code(const json::value& problem, const HttpAnswer& answer) {
    const std::string code(problem.at("code").as_string());
    const auto status = std::to_string(answer.status);
    const auto docs = problem_docs();
    const auto found = std::ranges::find(docs, std::string_view(code), &ProblemDoc::code);
    if (found == docs.end()) return "code " + code + " is explained nowhere";
    if (found->statuses.find(status) == found->statuses.npos) return "code " + code + " is none of " + status;
    if (problem.at("status") != json::value(answer.status)) return "the problem's status is another";
    if (problem.at("type").as_string() != http::problem_type(answer.status, code))
        return "the problem's type is another";
    if (problem.at("title").as_string() != http::reason_of(answer.status))
        return "the problem's title is another";
    if (problem.at("request_id").as_string() != answer.header("X-Request-Id"))
        return "the problem's request_id is another";
    const auto field = field_of(answer.status);
    if (!field.empty() && !answer.has_header(field)) return "no " + std::string(field);
    return {};
}

std::string fault_in_words(const json::value& problem) {
    if (auto fault = fault_in_text(problem.at("detail").as_string()); !fault.empty()) return fault;
    const auto* errors = problem.as_object().if_contains("errors");
    if (!errors) return {};
    for (const auto& error : errors->as_array())
        if (auto fault = fault_in_text(error.at("message").as_string()); !fault.empty()) return fault;
    return {};
}

}  // namespace dacapo::test
