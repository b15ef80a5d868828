#include "tests/support/documented.hpp"

#include <algorithm>

namespace dacapo::test {
namespace {

namespace json = boost::json;

// Refused before any route is known, so in no route's documentation.
const std::set<std::string_view> codes_of_framing{"malformed_request",
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
                                                  "wrong_host"};

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

std::string_view plain_path(std::string_view target) {
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

bool is_of_type(const json::value& value, std::string_view type) {
    if (type == "null") return value.is_null();
    if (type == "string") return value.is_string();
    if (type == "boolean") return value.is_bool();
    if (type == "integer") return value.is_int64() || value.is_uint64();
    if (type == "number") return value.is_number();
    if (type == "array") return value.is_array();
    return type == "object" && value.is_object();
}

bool is_utc(const json::string& text) {
    constexpr std::string_view shape = "dddd-dd-ddTdd:dd:ddZ";
    return std::ranges::equal(std::string_view(text), shape, [](char c, char wanted) {
        return wanted == 'd' ? c >= '0' && c <= '9' : c == wanted;
    });
}

}  // namespace

void Documented::read(std::string_view document) {
    const std::lock_guard lock(mutex_);
    document_ = json::parse(document);
}

std::string Documented::faults() const {
    const std::lock_guard lock(mutex_);
    std::string text;
    for (const auto& fault : faults_) text += fault + "\n";
    return text;
}

std::set<std::string> Documented::seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
}

std::set<std::string> Documented::operations() const {
    std::set<std::string> all;
    for (const auto& [pattern, methods] : document_.at("paths").as_object())
        for (const auto& [method, operation] : methods.as_object())
            all.insert(std::string(method) + " " + std::string(pattern));
    return all;
}

const json::value* Documented::operation(std::string_view method, std::string_view target,
                                         std::string& name) const {
    const auto path = plain_path(target);
    const auto wanted = method == "HEAD" ? "get" : lower(method);
    const json::value* found = nullptr;
    bool exact = false;
    for (const auto& [pattern, methods] : document_.at("paths").as_object()) {
        const auto* operation = methods.as_object().if_contains(wanted);
        if (!operation || exact || !fits(std::string_view(pattern), path)) continue;
        found = operation;
        exact = std::string_view(pattern) == path;
        name = wanted + " " + std::string(pattern);
    }
    return found;
}

void Documented::check(std::string_view method, std::string_view target, const HttpAnswer& answer) {
    const std::lock_guard lock(mutex_);
    if (const auto fault = fault_in_fields(answer); !fault.empty())
        faults_.insert(std::string(method) + " " + std::string(plain_path(target)) + ": " + fault);
    std::string name;
    const auto* found = operation(method, target, name);
    if (!found) return;
    seen_.insert(name);
    if (const auto fault = fault_in(*found, answer, method != "HEAD"); !fault.empty())
        faults_.insert(name + " " + std::to_string(answer.status) + ": " + fault);
}

// What every answer says to browsers and caches, errors too, whoever makes it.
std::string Documented::fault_in_fields(const HttpAnswer& answer) {
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
    return {};
}

std::string Documented::fault_in(const json::value& operation, const HttpAnswer& answer,
                                 bool has_body) const {
    if (answer.status >= 400 && has_body) {
        boost::system::error_code error;
        const auto problem = json::parse(answer.body, error);
        if (error || !problem.is_object() || !problem.as_object().contains("code"))
            return "no problem: " + answer.body;
        if (codes_of_framing.contains(std::string_view(problem.at("code").as_string()))) return {};
    }
    const auto* response = operation.at("responses").as_object().if_contains(std::to_string(answer.status));
    if (!response) return "this status is not documented; " + answer.body;
    if (!has_body) return answer.body.empty() ? "" : "a body for HEAD";
    if (answer.status >= 400) return fault_in_problem(*response, answer);
    const auto* content = response->as_object().if_contains("content");
    if (!content) return answer.body.empty() ? "" : "a body where none is documented: " + answer.body;
    const auto type = answer.header("Content-Type");
    const auto* media = content->as_object().if_contains(type.substr(0, type.find(';')));
    if (!media) return "media type " + type + " is not documented";
    if (type != "application/json") return {};
    return mismatch(json::parse(answer.body), media->at("schema"));
}

std::string Documented::fault_in_problem(const json::value& response, const HttpAnswer& answer) const {
    if (answer.header("Content-Type") != "application/problem+json") return "no application/problem+json";
    const auto problem = json::parse(answer.body);
    const auto& media = response.at("content").at("application/problem+json");
    if (auto fault = mismatch(problem, media.at("schema")); !fault.empty()) return fault;
    if (problem.at("status") != json::value(answer.status)) return "the problem's status is another";
    const std::string code(problem.at("code").as_string());
    const auto* examples = media.as_object().if_contains("examples");
    if (!examples || !examples->as_object().contains(code)) return "code " + code + " is not documented";
    if (answer.status == 401 && !answer.has_header("WWW-Authenticate")) return "401 without WWW-Authenticate";
    const bool says_when = answer.status == 429 || answer.status == 503;
    if (says_when && !answer.has_header("Retry-After")) return "no Retry-After";
    return {};
}

std::string Documented::mismatch(const json::value& value, const json::value& schema,
                                 const std::string& at) const {
    const auto& rules = schema.as_object();
    if (const auto* reference = rules.if_contains("$ref")) {
        const std::string_view path(reference->as_string());
        return mismatch(value, document_.at("components").at("schemas").at(path.substr(path.rfind('/') + 1)),
                        at);
    }
    const auto wrong = [&](const std::string& why) { return at + " " + why + ": " + json::serialize(value); };
    if (const auto* ways = rules.if_contains("anyOf")) {
        const auto suits = [&](const json::value& way) { return mismatch(value, way, at).empty(); };
        return std::ranges::any_of(ways->as_array(), suits) ? "" : wrong("is none of anyOf");
    }
    if (const auto* type = rules.if_contains("type")) {
        const auto suits = [&](const json::value& one) {
            return is_of_type(value, std::string_view(one.as_string()));
        };
        const bool right = type->is_string() ? suits(*type) : std::ranges::any_of(type->as_array(), suits);
        if (!right) return wrong("has not the type " + json::serialize(*type));
    }
    if (value.is_null()) return {};
    if (const auto* names = rules.if_contains("enum"))
        if (std::ranges::find(names->as_array(), value) == names->as_array().end())
            return wrong("is not in the enum");
    if (const auto* format = rules.if_contains("format"))
        if (*format == json::value("date-time") && !is_utc(value.as_string()))
            return wrong("is no date-time");
    if (const auto* least = rules.if_contains("minimum"))
        if (value.to_number<double>() < least->to_number<double>()) return wrong("is below the minimum");
    if (value.is_object()) return fault_in_object(value.as_object(), rules, at);
    if (const auto* items = rules.if_contains("items"); items && value.is_array())
        for (const auto& item : value.as_array())
            if (auto fault = mismatch(item, *items, at + "/-"); !fault.empty()) return fault;
    return {};
}

std::string Documented::fault_in_object(const json::object& value, const json::object& schema,
                                        const std::string& at) const {
    const auto* properties = schema.if_contains("properties");
    if (!properties) return {};
    if (const auto* required = schema.if_contains("required"))
        for (const auto& key : required->as_array())
            if (!value.contains(key.as_string()))
                return at + "/" + std::string(key.as_string()) + " is missing";
    for (const auto& [key, member] : value) {
        const auto place = at + "/" + std::string(key);
        const auto* property = properties->as_object().if_contains(key);
        if (!property) return place + " is not documented";
        if (auto fault = mismatch(member, *property, place); !fault.empty()) return fault;
    }
    return {};
}

}  // namespace dacapo::test
