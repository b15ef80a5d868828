#include "infra/http/problem.hpp"

#include "events/json_writer.hpp"

#include <fmt/format.h>

namespace dacapo::http {
namespace {

// Of a path segment (RFC 3986 3.3), and the slash between them.
bool stands_in_path(char c) {
    constexpr std::string_view others = "-._~!$&'()*+,;=:@/";
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           others.find(c) != others.npos;
}

// The path as a URI reference. Names in it are left out: in /ws/{token} that is a token, and problems are
// logged. What follows two slashes would be a host, if no dot stood before them (RFC 3986 4.2 and 3.3).
std::string instance_of(const Request& request) {
    auto path = request.path;
    for (const auto& name : request.names)
        if (const auto at = path.find(name); at != path.npos && !name.empty())
            path.replace(at, name.size(), "***");
    std::string instance = path.starts_with("//") ? "/." : "";
    for (const char c : path) {
        if (stands_in_path(c))
            instance += c;
        else
            instance += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return instance.empty() ? "/" : instance;
}

}  // namespace

std::string problem_type(int status, std::string_view code) {
    const std::string registry = "https://iana.org/assignments/http-problem-types#";
    if (status == 429) return registry + "quota-exceeded";
    if (code == "overloaded" || code == "catching_up") return registry + "temporary-reduced-capacity";
    return "/docs#problem-" + std::string(code);
}

Response to_response(const Problem& problem, const Request& request) {
    Response response;
    response.status = problem.status;
    response.content_type = "application/problem+json";
    response.problem_code = problem.code;
    JsonWriter json(response.body);
    json.begin_object();
    json.member("type", problem_type(problem.status, problem.code));
    json.member("title", reason_of(problem.status));
    json.member("status", problem.status);
    json.member("detail", problem.detail);
    json.member("instance", instance_of(request));
    json.member("code", problem.code);
    json.member("request_id", request.request_id);
    json.key("errors");
    json.begin_array();
    for (const FieldError& error : problem.errors) {
        json.begin_object();
        json.member("pointer", error.pointer);
        json.member("code", error.code);
        json.member("message", error.message);
        json.end_object();
    }
    json.end_array();
    if (!problem.violated_policies.empty()) {
        json.key("violated-policies");
        json.begin_array();
        for (const auto& policy : problem.violated_policies) json.value(policy);
        json.end_array();
    }
    json.end_object();
    for (const auto& [name, value] : problem.headers) response.set_header(name, value);
    return response;
}

}  // namespace dacapo::http
