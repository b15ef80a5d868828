// Request bodies: a struct with a field list becomes the reader, the validator and the schema of what a route
// takes. All faults of a body are found at once; what is accepted is normalised text and numbers within their
// range.
#pragma once

#include "api/json.hpp"
#include "infra/http/problem.hpp"
#include "infra/text.hpp"

#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace dacapo::api {

// Rules of a field, given after the member in the field list, in any order.
struct Text {  // in code points, after normalisation
    std::size_t length_min = 0;
    std::size_t length_max = 200;
    Lines lines = Lines::one;
};
struct Secret {};  // taken as it is: not normalised, not trimmed
struct Range {
    double least;
    double most;
};
struct Alias {  // another name under which the member is accepted
    const char* name;
};
struct Hint {  // for the document
    const char* description;
};
struct Pattern {  // for the document: what the route checks by itself
    const char* regex;
};
struct Format {  // likewise: JSON Schema's name for it
    const char* name;
};

// The rules of one field, collected.
struct Rules {
    Text text;
    bool secret = false;
    double least = std::numeric_limits<double>::lowest();
    double most = std::numeric_limits<double>::max();
    std::vector<std::string_view> names;  // its own first, then aliases
    const char* description = "";
    const char* pattern = "";
    const char* format = "";

    void add(Text rule) { text = rule; }
    void add(Secret) { secret = true; }
    void add(Range rule) {
        least = rule.least;
        most = rule.most;
    }
    void add(Alias rule) { names.push_back(rule.name); }
    void add(Hint rule) { description = rule.description; }
    void add(Pattern rule) { pattern = rule.regex; }
    void add(Format rule) { format = rule.name; }
};

using Faults = std::vector<http::FieldError>;

// The body as an object. Throws Problem: 415 for another content type, 400 for what is not JSON, is nested
// too deep, or has a member twice; 422 for JSON that is no object.
json::object object_of(const http::Request& request);

// One value each; on a fault it is added and the target left alone.
void read_value(const json::value& from, std::string& to, const Rules& rules, Faults& faults);
void read_value(const json::value& from, std::int64_t& to, const Rules& rules, Faults& faults);
void read_value(const json::value& from, double& to, const Rules& rules, Faults& faults);
void read_value(const json::value& from, bool& to, const Rules& rules, Faults& faults);
void add_fault(Faults& faults, const Rules& rules, std::string code, std::string message);

template <class Tag>
void read_value(const json::value& from, Id<Tag>& to, const Rules& rules, Faults& faults) {
    Rules id_rules = rules;
    id_rules.add(Range{1, static_cast<double>(id_limit - 1)});
    read_value(from, to.value, id_rules, faults);
}
template <NamedEnum Enum>
void read_value(const json::value& from, Enum& to, const Rules& rules, Faults& faults) {
    const auto* text = from.if_string();
    if (text && enum_from_name(std::string_view(*text), to)) return;
    std::string names;
    for (const auto name : EnumNames<Enum>::names) names.append(names.empty() ? "" : ", ").append(name);
    add_fault(faults, rules, "unknown_value", "Must be one of: " + names + ".");
}
// Null means none.
template <class T>
void read_value(const json::value& from, std::optional<T>& to, const Rules& rules, Faults& faults) {
    if (from.is_null()) {
        to.reset();
        return;
    }
    T value{};
    const auto before = faults.size();
    read_value(from, value, rules, faults);
    if (faults.size() == before) to = std::move(value);
}
// Absent, null and a value are three things in a change: std::optional<std::optional<T>>.
template <class T>
void read_value(const json::value& from, std::optional<std::optional<T>>& to, const Rules& rules,
                Faults& faults) {
    read_value(from, to.emplace(), rules, faults);
}

template <class... Rule>
Rules rules_of(const char* key, const Rule&... rule) {
    Rules rules;
    rules.names.push_back(key);
    (rules.add(rule), ...);
    return rules;
}

// The member that a field reads: under its name or an alias; two of them must agree. Faults are told of the
// one found.
const json::value* member_of(const json::object& body, Rules& rules, Faults& faults);
void refuse_unknown_members(const json::object& body, const std::vector<std::string_view>& known,
                            Faults& faults);
[[noreturn]] void throw_invalid(Faults faults);

// The body as text without one of its members, for what must not be kept of it. Of one that was read.
std::string body_without(const http::Request& request, std::string_view member);

// Throws Problem with all faults (422) or as object_of() does. `T{}` gives the defaults of absent optional
// fields.
template <class T>
T read_body(const http::Request& request) {
    const auto body = object_of(request);
    T result{};
    Faults faults;
    std::vector<std::string_view> known;
    T::fields(result, [&]<class Member>(const char* key, Member& member, const auto&... rule) {
        auto rules = rules_of(key, rule...);
        known.insert(known.end(), rules.names.begin(), rules.names.end());
        if (const auto* value = member_of(body, rules, faults)) {
            read_value(*value, member, rules, faults);
        } else if constexpr (!IsOptional<Member>::value) {
            add_fault(faults, rules, "required", "Must be given.");
        }
    });
    refuse_unknown_members(body, known, faults);
    if (!faults.empty()) throw_invalid(std::move(faults));
    return result;
}

template <class Member>
json::object schema_of_member(const Rules& rules) {
    if constexpr (IsOptional<Member>::value) {
        auto schema = schema_of_member<typename Member::value_type>(rules);
        auto& type = schema["type"];
        if (type.is_string()) type = json::array{type, "null"};
        if (auto* names = schema.if_contains("enum")) {
            auto& list = names->as_array();
            if (list.empty() || !list.back().is_null()) list.emplace_back(nullptr);
        }
        return schema;
    } else {
        auto schema = schema_of<Member>();
        if constexpr (std::same_as<Member, std::string>) {
            if (rules.text.length_min) schema["minLength"] = rules.text.length_min;
            if (!rules.secret) schema["maxLength"] = rules.text.length_max;
            if (rules.secret) schema["format"] = "password";
            if (*rules.format) schema["format"] = rules.format;
            if (*rules.pattern) schema["pattern"] = rules.pattern;
        } else if constexpr (std::same_as<Member, double>) {
            if (rules.least > std::numeric_limits<double>::lowest()) schema["minimum"] = rules.least;
            if (rules.most < std::numeric_limits<double>::max()) schema["maximum"] = rules.most;
        } else if constexpr (std::same_as<Member, std::int64_t>) {
            if (rules.least > std::numeric_limits<double>::lowest())
                schema["minimum"] = static_cast<std::int64_t>(rules.least);
            if (rules.most < std::numeric_limits<double>::max())
                schema["maximum"] = static_cast<std::int64_t>(rules.most);
        }
        return schema;
    }
}

// The JSON Schema of a body, as text for its route.
template <class T>
std::string body_schema() {
    json::object properties;
    json::array required;
    json::array one_of_each;
    T sample{};
    T::fields(sample, [&]<class Member>(const char* key, Member&, const auto&... rule) {
        const auto rules = rules_of(key, rule...);
        for (const auto name : rules.names) {
            auto schema = schema_of_member<Member>(rules);
            if (*rules.description) schema["description"] = rules.description;
            properties[name] = std::move(schema);
        }
        if constexpr (!IsOptional<Member>::value) {
            if (rules.names.size() == 1) {
                required.emplace_back(key);
            } else {
                json::array ways;
                for (const auto name : rules.names)
                    ways.emplace_back(json::object{{"required", json::array{json::string(name)}}});
                one_of_each.emplace_back(json::object{{"anyOf", ways}});
            }
        }
    });
    json::object schema{{"type", "object"}, {"properties", properties}, {"additionalProperties", false}};
    if (!required.empty()) schema["required"] = required;
    if (!one_of_each.empty()) schema["allOf"] = one_of_each;
    return json::serialize(schema);
}

}  // namespace dacapo::api
