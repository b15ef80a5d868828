#include "api/body.hpp"

#include "events/json_reader.hpp"

#include <algorithm>
#include <cmath>

namespace dacapo::api {
namespace {

bool is_json(std::string_view content_type) {
    const auto type = content_type.substr(0, content_type.find(';'));
    std::string lower;
    for (const char c : type)
        if (c != ' ' && c != '\t') lower += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    return lower == "application/json" || (lower.starts_with("application/") && lower.ends_with("+json"));
}

std::string escaped_pointer(std::string_view name) {
    std::string pointer = "/";
    for (const char c : name) {
        if (c == '~')
            pointer += "~0";
        else if (c == '/')
            pointer += "~1";
        else
            pointer += c;
    }
    return pointer;
}

}  // namespace

json::object object_of(const http::Request& request) {
    if (!is_json(request.content_type))
        throw http::Problem(415, "unsupported_media_type", "The body must be application/json.");
    boost::system::error_code error;
    std::optional<std::string> twice;
    auto value = read_json(request.body, error, {}, &twice);
    if (error) throw http::Problem(400, "malformed_json", "The body is not JSON: " + error.message() + ".");
    if (twice)
        throw http::Problem(400, "duplicate_member", "The body has a member twice.",
                            {{escaped_pointer(*twice), "duplicate_member", "Given twice."}});
    if (!value.is_object())
        throw http::Problem(422, "invalid", "The body must be a JSON object.",
                            {{"", "wrong_type", "Must be an object."}});
    return std::move(value.as_object());
}

std::string body_without(const http::Request& request, std::string_view member) {
    auto body = object_of(request);
    body.erase(member);
    return json::serialize(body);
}

void add_fault(Faults& faults, const Rules& rules, std::string code, std::string message) {
    faults.push_back({escaped_pointer(rules.names.front()), std::move(code), std::move(message)});
}

void read_value(const json::value& from, std::string& to, const Rules& rules, Faults& faults) {
    const auto* text = from.if_string();
    if (!text) return add_fault(faults, rules, "wrong_type", "Must be a text.");
    if (rules.secret) {
        if (text->find('\0') != json::string::npos)
            return add_fault(faults, rules, "control_character", "Must not hold control characters.");
        to.assign(text->data(), text->size());
        return;
    }
    auto clean = normalised(std::string_view(*text), rules.text.lines);
    if (!clean) return add_fault(faults, rules, "control_character", "Must not hold control characters.");
    const auto length = code_points(*clean);
    if (length < rules.text.length_min)
        return add_fault(faults, rules, clean->empty() ? "required" : "too_short",
                         "Must have at least " + std::to_string(rules.text.length_min) + " characters.");
    if (length > rules.text.length_max)
        return add_fault(faults, rules, "too_long",
                         "Must have at most " + std::to_string(rules.text.length_max) + " characters.");
    to = std::move(*clean);
}

void read_value(const json::value& from, std::int64_t& to, const Rules& rules, Faults& faults) {
    std::int64_t number = 0;
    if (const auto* whole = from.if_int64()) {
        number = *whole;
    } else if (from.is_uint64()) {
        return add_fault(faults, rules, "out_of_range", "The number is too large.");
    } else if (const auto* real = from.if_double();
               real && std::trunc(*real) == *real && std::abs(*real) < 1e15) {
        number = static_cast<std::int64_t>(*real);  // 3.0 is an integer in JSON Schema.
    } else if (real) {
        return add_fault(faults, rules, std::abs(*real) >= 1e15 ? "out_of_range" : "wrong_type",
                         "Must be an integer.");
    } else {
        return add_fault(faults, rules, "wrong_type", "Must be an integer.");
    }
    const auto value = static_cast<double>(number);
    if (value < rules.least || value > rules.most)
        return add_fault(faults, rules, "out_of_range",
                         "Must be from " + std::to_string(static_cast<std::int64_t>(rules.least)) + " to " +
                             std::to_string(static_cast<std::int64_t>(rules.most)) + ".");
    to = number;
}

void read_value(const json::value& from, double& to, const Rules& rules, Faults& faults) {
    double number = 0;
    if (const auto* whole = from.if_int64())
        number = static_cast<double>(*whole);
    else if (const auto* large = from.if_uint64())
        number = static_cast<double>(*large);
    else if (const auto* real = from.if_double())
        number = *real;
    else
        return add_fault(faults, rules, "wrong_type", "Must be a number.");
    if (!std::isfinite(number) || number < rules.least || number > rules.most)
        return add_fault(faults, rules, "out_of_range", "The number is out of range.");
    to = number;
}

void read_value(const json::value& from, bool& to, const Rules& rules, Faults& faults) {
    if (!from.is_bool()) return add_fault(faults, rules, "wrong_type", "Must be true or false.");
    to = from.as_bool();
}

const json::value* member_of(const json::object& body, Rules& rules, Faults& faults) {
    const json::value* found = nullptr;
    for (auto& name : rules.names) {
        const auto* value = body.if_contains(name);
        if (!value) continue;
        const bool conflicts = found && *found != *value;
        found = value;
        std::swap(name, rules.names.front());
        if (conflicts)
            add_fault(faults, rules, "conflicting", "Given under two names with different values.");
    }
    return found;
}

void refuse_unknown_members(const json::object& body, const std::vector<std::string_view>& known,
                            Faults& faults) {
    for (const auto& member : body) {
        const std::string_view name(member.key());
        if (std::find(known.begin(), known.end(), name) == known.end())
            faults.push_back({escaped_pointer(name), "unknown_member", "This member is not known."});
    }
}

void throw_invalid(Faults faults) {
    throw http::Problem(422, "invalid", "The request is well formed, but some of it cannot be accepted.",
                        std::move(faults));
}

}  // namespace dacapo::api
