#include "infra/http/problem.hpp"

#include "events/json_writer.hpp"

namespace dacapo::http {

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
    json.member("instance", request.path.empty() ? std::string_view("/") : std::string_view(request.path));
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
