#include "tests/support/documented.hpp"

#include "tests/support/answer_rules.hpp"
#include "tests/support/json_schema.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>

namespace dacapo::test {
namespace {

namespace json = boost::json;

constexpr std::string_view problem_json = "application/problem+json";

std::string_view next_segment(std::string_view& path) {
    path.remove_prefix(1);
    const auto segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    return segment;
}

bool fits(std::string_view pattern, std::string_view path) {
    while (!pattern.empty() && !path.empty()) {
        const auto wanted = next_segment(pattern);
        const auto segment = next_segment(path);
        if (!wanted.starts_with('{') && wanted != segment) return false;
    }
    return pattern.empty() && path.empty();
}

// Without the query, the host of an absolute target, the /api before it and the slash behind it.
std::string_view plain_path(std::string_view target) {
    if (target.starts_with("http://")) {
        const auto slash = target.find('/', std::string_view("http://").size());
        target = slash == target.npos ? std::string_view("/") : target.substr(slash);
    }
    auto path = target.substr(0, target.find('?'));
    if (path.starts_with("/api/")) path.remove_prefix(4);
    if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
    return path;
}

std::string lower(std::string_view text) {
    std::string result(text);
    std::ranges::transform(result, result.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return result;
}

std::string_view media_type(std::string_view content_type) {
    return content_type.substr(0, content_type.find(';'));
}

// A field's text as the value that its schema speaks of.
json::value as_value(const std::string& text, const json::value& schema) {
    const auto type = schema.at("type").as_string();
    boost::system::error_code error;
    auto number = type == "string" ? json::value() : json::parse(text, error);
    return type == "string" || error ? json::value(text) : number;
}

// What a token changes is no other client's, so no cache may share it.
bool is_personal(const json::object& operation) { return !operation.at("security").as_array().empty(); }

}  // namespace

std::string kept_document() {
    std::ifstream file(std::string(DACAPO_SOURCE_DIR) + "/docs/api/openapi.json", std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

void Documented::read(std::string_view document) {
    const std::lock_guard lock(mutex_);
    document_ = json::parse(document);
    const JsonSchemas schemas(document_);
    for (const auto& [name, schema] : document_.at("components").at("schemas").as_object())
        if (auto fault = schemas.unknown_in(schema, std::string(name)); !fault.empty()) faults_.insert(fault);
}

AnswerWatch::See Documented::watcher() {
    return [this](std::string_view method, std::string_view target, const HttpAnswer& answer) {
        check(method, target, answer);
    };
}

std::string Documented::faults() const {
    const std::lock_guard lock(mutex_);
    std::string text;
    for (const auto& fault : faults_) text += fault + "\n";
    return text;
}

std::set<std::string> Documented::operations() const {
    std::set<std::string> all;
    for (const auto& [pattern, methods] : document_.at("paths").as_object())
        for (const auto& [method, operation] : methods.as_object())
            all.insert(std::string(method) + " " + std::string(pattern));
    return all;
}

std::string Documented::operation_name(std::string_view method, std::string_view target) const {
    return operation(method, target).name;
}

std::string Documented::mismatch(const json::value& value, const json::value& schema) const {
    return JsonSchemas(document_).mismatch(value, schema);
}

Documented::Operation Documented::operation(std::string_view method, std::string_view target) const {
    const auto path = plain_path(target);
    const auto wanted = method == "HEAD" ? "get" : lower(method);
    Operation found;
    bool exact = false;
    for (const auto& [pattern, methods] : document_.at("paths").as_object()) {
        if (exact || !fits(pattern, path)) continue;
        exact = std::string_view(pattern) == path;
        const auto* operation = methods.as_object().if_contains(wanted);
        found = {};
        if (operation) found = {wanted + " " + std::string(pattern), &operation->as_object()};
    }
    return found;
}

const json::value& Documented::resolved(const json::value& value) const {
    const auto* reference = value.as_object().if_contains("$ref");
    return reference ? document_.at_pointer(std::string_view(reference->as_string()).substr(1)) : value;
}

void Documented::check(std::string_view method, std::string_view target, const HttpAnswer& answer) {
    const std::lock_guard lock(mutex_);
    const auto fault = fault_of(method, target, answer);
    if (fault.empty()) return;
    const auto name = operation(method, target).name;
    const auto asked = name.empty() ? std::string(method) + " " + std::string(plain_path(target)) : name;
    faults_.insert(asked + " " + std::to_string(answer.status) + ": " + fault);
}

std::string Documented::fault_of(std::string_view method, std::string_view target,
                                 const HttpAnswer& answer) const {
    if (answer.status == 101) return fault_in_switch(target, answer);
    if (auto fault = fault_in_fields(answer); !fault.empty()) return fault;
    if (method == "HEAD" && !answer.body.empty()) return "a body for HEAD";
    if (answer.status >= 400 && method != "HEAD") {
        if (auto fault = fault_in_problem(answer); !fault.empty()) return fault;
        if (is_code_before_routes(std::string_view(json::parse(answer.body).at("code").as_string())))
            return {};
    }
    const auto found = operation(method, target);
    return found.object ? fault_in(*found.object, method, answer)
                        : fault_without_operation(method, target, answer);
}

// Whether or not its operation is documented.
std::string Documented::fault_in_problem(const HttpAnswer& answer) const {
    if (answer.header("Content-Type") != problem_json) return "no application/problem+json";
    boost::system::error_code error;
    const auto problem = json::parse(answer.body, error);
    if (error) return "no JSON: " + answer.body;
    const auto* shape = answer.status == 429 ? "QuotaProblem" : "Problem";
    const auto& schemas = document_.at("components").at("schemas");
    if (auto fault = mismatch(problem, schemas.at(shape)); !fault.empty()) return fault;
    if (answer.header("Cache-Control") != "no-store") return "an error that caches may keep";
    if (auto fault = fault_in_words(problem); !fault.empty()) return fault;
    return fault_in_code(problem, answer);
}

std::string Documented::fault_in(const json::object& operation, std::string_view method,
                                 const HttpAnswer& answer) const {
    const auto& responses = operation.at("responses").as_object();
    const auto* response = responses.if_contains(std::to_string(answer.status));
    if (!response && answer.status == 500 && internal_errors_expected_)
        response = responses.if_contains("default");
    if (!response) return "this status is not documented; " + answer.body;
    if (auto fault = fault_in_headers(operation, response->as_object(), answer); !fault.empty()) return fault;
    return method == "HEAD" ? "" : fault_in_body(response->as_object(), answer);
}

std::string Documented::fault_in_body(const json::object& response, const HttpAnswer& answer) const {
    const auto* content = response.if_contains("content");
    if (!content) return answer.body.empty() ? "" : "a body where none is documented: " + answer.body;
    const auto type = answer.header("Content-Type");
    const auto* media = content->as_object().if_contains(media_type(type));
    if (!media) return "media type " + type + " is not documented";
    if (!media_type(type).ends_with("json")) return {};
    boost::system::error_code error;
    const auto body = json::parse(answer.body, error);
    if (error) return "no JSON: " + answer.body;
    if (auto fault = mismatch(body, media->at("schema")); !fault.empty()) return fault;
    if (answer.status < 400) return {};
    const auto code = body.at("code").as_string();
    const auto* examples = media->as_object().if_contains("examples");
    const bool known = examples && examples->as_object().contains(code);
    return known ? "" : "code " + std::string(code) + " is not documented";
}

std::string Documented::fault_in_headers(const json::object& operation, const json::object& response,
                                         const HttpAnswer& answer) const {
    static const json::value none = json::object();
    const auto* documented = response.if_contains("headers");
    const auto& fields = (documented ? *documented : none).as_object();
    for (const auto& [name, reference] : fields) {
        const auto& field = resolved(reference).as_object();
        const auto* required = field.if_contains("required");
        if (answer.has_header(name)) {
            const auto& schema = field.at("schema");
            const auto value = as_value(answer.header(name), schema);
            if (auto fault = mismatch(value, schema); !fault.empty()) return std::string(name) + fault;
        } else if (required && required->as_bool()) {
            return std::string(name) + " is missing";
        }
    }
    for (const auto& [name, value] : answer.headers) {
        const auto same = [&name = name](const auto& one) { return lower(one.key()) == lower(name); };
        const bool tells_limit = answer.status >= 400 && lower(name).starts_with("ratelimit");
        if (!is_general_field(name) && !tells_limit && std::ranges::none_of(fields, same))
            return name + " is not documented";
    }
    const auto exposed = answer.header("Access-Control-Expose-Headers");
    for (const auto& [name, field] : fields)
        if (!exposed.empty() && name != "Cache-Control" && exposed.find(name) == exposed.npos)
            return std::string(name) + " is hidden from pages of other origins";
    const auto cached = answer.header("Cache-Control");
    if (!fields.contains("Cache-Control") && cached != "no-store") return "caches may keep it: " + cached;
    if (is_personal(operation) && cached != "no-store" && cached.find("private") == cached.npos)
        return "caches may share it: " + cached;
    return {};
}

std::string Documented::fault_without_operation(std::string_view method, std::string_view target,
                                                const HttpAnswer& answer) const {
    const auto path = plain_path(target);
    if (method == "OPTIONS" && answer.status == 204)
        return answer.has_header("Allow") ? fault_in_allow(path, answer) : "no Allow";
    if (answer.status < 400) return "an answer that is no problem, where nothing is documented";
    if (method.empty()) return "a request without its line is refused for its framing";
    if (method == "HEAD") return {};
    const std::string code(json::parse(answer.body).at("code").as_string());
    if (answer.status == 405) return fault_in_allow(path, answer);
    const bool fits_anywhere = answer.status == 404 || code == "body_too_large";
    if (is_socket_path(path) || fits_anywhere) return {};
    return "code " + code + " where nothing is documented";
}

// Allow names what the document has at this path, and nothing else.
std::string Documented::fault_in_allow(std::string_view path, const HttpAnswer& answer) const {
    std::istringstream words(answer.header("Allow"));
    for (std::string word; words >> word;) {
        if (word.ends_with(',')) word.pop_back();
        const bool known =
            word == "OPTIONS" || path == "*" || is_socket_path(path) || operation(word, path).object;
        if (!known) return "Allow names " + word;
    }
    for (const auto* method : {"GET", "POST", "PUT", "PATCH", "DELETE"})
        if (operation(method, path).object && answer.header("Allow").find(method) == std::string::npos)
            return std::string("Allow does not name ") + method;
    return {};
}

}  // namespace dacapo::test
