#include "tests/support/json_schema.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <regex>

namespace dacapo::test {
namespace {

namespace json = boost::json;

constexpr std::array combinations{"allOf", "anyOf", "oneOf"};
constexpr std::array keywords{"$ref",       "additionalProperties",
                              "allOf",      "anyOf",
                              "default",    "description",
                              "enum",       "examples",
                              "format",     "items",
                              "maxLength",  "maximum",
                              "minLength",  "minimum",
                              "oneOf",      "pattern",
                              "properties", "required",
                              "type"};
constexpr std::array formats{"date-time", "email", "password", "uri-reference"};

bool is_of_type(const json::value& value, std::string_view type) {
    if (type == "null") return value.is_null();
    if (type == "string") return value.is_string();
    if (type == "boolean") return value.is_bool();
    if (type == "integer") return value.is_int64() || value.is_uint64();
    if (type == "number") return value.is_number();
    if (type == "array") return value.is_array();
    return type == "object" && value.is_object();
}

int number_at(std::string_view digits) { return std::stoi(std::string(digits)); }

// RFC 3339, and narrower as the contract has it: in UTC, with Z, in whole seconds.
bool is_utc_time(std::string_view text) {
    constexpr std::string_view shape = "dddd-dd-ddTdd:dd:ddZ";
    const auto fits = [](char c, char wanted) { return wanted == 'd' ? c >= '0' && c <= '9' : c == wanted; };
    if (!std::ranges::equal(text, shape, fits)) return false;
    const std::chrono::year_month_day day{
        std::chrono::year(number_at(text.substr(0, 4))),
        std::chrono::month(static_cast<unsigned>(number_at(text.substr(5, 2)))),
        std::chrono::day(static_cast<unsigned>(number_at(text.substr(8, 2))))};
    return day.ok() && number_at(text.substr(11, 2)) < 24 && number_at(text.substr(14, 2)) < 60 &&
           number_at(text.substr(17, 2)) < 60;
}

bool is_of_format(std::string_view text, std::string_view format) {
    if (format == "date-time") return is_utc_time(text);
    if (format == "email") return text.find('@') != text.npos;
    if (format == "uri-reference")
        return std::ranges::all_of(text, [](char c) {
            return c > ' ' && c < '\x7f' && std::string_view("\"<>\\^`{|}").find(c) == std::string_view::npos;
        });
    return format == "password";  // says how it is typed, not what it is
}

// In code points, as JSON Schema counts.
std::size_t length_of(std::string_view text) {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// A keyword or a format of this very schema that is not known.
std::string unknown_of(const json::object& rules) {
    for (const auto& [key, rule] : rules) {
        if (std::ranges::find(keywords, std::string_view(key)) == keywords.end())
            return "keyword " + std::string(key);
        if (key == "format" &&
            std::ranges::find(formats, std::string_view(rule.as_string())) == formats.end())
            return "format " + json::serialize(rule);
    }
    return {};
}

bool contains(const json::value& list, const json::value& value) {
    return std::ranges::find(list.as_array(), value) != list.as_array().end();
}

}  // namespace

std::string JsonSchemas::unknown_in(const json::value& schema, const std::string& at) const {
    if (schema.is_bool()) return {};
    const auto within = [&](const json::value& inner, std::string_view name) {
        return unknown_in(inner, at + "/" + std::string(name));
    };
    if (const auto unknown = unknown_of(schema.as_object()); !unknown.empty())
        return at + " has the unknown " + unknown;
    for (const auto& [key, rule] : schema.as_object()) {
        std::string fault;
        if (key == "items" || key == "additionalProperties") fault = within(rule, key);
        if (key == "properties")
            for (const auto& [name, inner] : rule.as_object())
                if (fault.empty()) fault = within(inner, name);
        if (std::ranges::find(combinations, std::string_view(key)) != combinations.end())
            for (const auto& inner : rule.as_array())
                if (fault.empty()) fault = within(inner, key);
        if (!fault.empty()) return fault;
    }
    return {};
}

const json::value& JsonSchemas::resolved(const json::value& schema) const {
    const auto* reference = schema.is_object() ? schema.as_object().if_contains("$ref") : nullptr;
    if (!reference) return schema;
    return document_.at_pointer(std::string_view(reference->as_string()).substr(1));
}

const json::value* JsonSchemas::property(const json::object& rules, std::string_view name) const {
    if (const auto* properties = rules.if_contains("properties"))
        if (const auto* found = properties->as_object().if_contains(name)) return found;
    for (const auto* combination : combinations)
        if (const auto* parts = rules.if_contains(combination))
            for (const auto& part : parts->as_array())
                if (const auto* found = property(resolved(part).as_object(), name)) return found;
    return nullptr;
}

bool JsonSchemas::names_members(const json::object& rules) const {
    if (rules.contains("properties")) return true;
    for (const auto* combination : combinations)
        if (const auto* parts = rules.if_contains(combination))
            for (const auto& part : parts->as_array())
                if (names_members(resolved(part).as_object())) return true;
    return false;
}

std::string JsonSchemas::mismatch(const json::value& value, const json::value& schema,
                                  const std::string& at) const {
    if (auto fault = open_mismatch(value, schema, at); !fault.empty()) return fault;
    const auto& rules = resolved(schema).as_object();
    if (!value.is_object() || !names_members(rules)) return {};
    for (const auto& member : value.as_object())
        if (!property(rules, member.key()))
            return at + "/" + std::string(member.key()) + " is not documented";
    return {};
}

std::string JsonSchemas::open_mismatch(const json::value& value, const json::value& schema,
                                       const std::string& at) const {
    if (schema.is_object() && schema.as_object().contains("$ref"))
        return open_mismatch(value, resolved(schema), at);
    const auto& rules = schema.as_object();
    if (const auto unknown = unknown_of(rules); !unknown.empty())
        return at + " cannot be judged by the unknown " + unknown;
    if (auto fault = in_combination(value, rules, at); !fault.empty()) return fault;
    if (auto fault = in_scalar(value, rules, at); !fault.empty()) return fault;
    if (value.is_object()) return in_object(value.as_object(), rules, at);
    if (const auto* items = rules.if_contains("items"); items && value.is_array())
        for (const auto& item : value.as_array())
            if (auto fault = mismatch(item, *items, at + "/-"); !fault.empty()) return fault;
    return {};
}

std::string JsonSchemas::in_combination(const json::value& value, const json::object& rules,
                                        const std::string& at) const {
    for (const auto* combination : combinations) {
        const auto* parts = rules.if_contains(combination);
        if (!parts) continue;
        const auto& all = parts->as_array();
        const auto fitting = std::ranges::count_if(
            all, [&](const json::value& part) { return open_mismatch(value, part, at).empty(); });
        const std::string_view name(combination);
        const bool right = name == "anyOf"   ? fitting > 0
                           : name == "oneOf" ? fitting == 1
                                             : fitting == static_cast<std::ptrdiff_t>(all.size());
        if (!right) return at + " is not as " + combination + " says: " + json::serialize(value);
    }
    return {};
}

std::string JsonSchemas::in_scalar(const json::value& value, const json::object& rules,
                                   const std::string& at) const {
    const auto wrong = [&](const char* why) { return at + " " + why + ": " + json::serialize(value); };
    if (const auto* type = rules.if_contains("type")) {
        const auto suits = [&](const json::value& one) { return is_of_type(value, one.as_string()); };
        if (type->is_string() ? !suits(*type) : std::ranges::none_of(type->as_array(), suits))
            return wrong("has another type");
    }
    if (const auto* names = rules.if_contains("enum"); names && !contains(*names, value))
        return wrong("is not in the enum");
    if (value.is_number()) {
        const auto number = value.to_number<double>();
        if (const auto* least = rules.if_contains("minimum"); least && number < least->to_number<double>())
            return wrong("is below the minimum");
        if (const auto* most = rules.if_contains("maximum"); most && number > most->to_number<double>())
            return wrong("is above the maximum");
    }
    if (!value.is_string()) return {};
    const std::string_view text(value.as_string());
    if (const auto* least = rules.if_contains("minLength");
        least && length_of(text) < least->to_number<std::size_t>())
        return wrong("is too short");
    if (const auto* most = rules.if_contains("maxLength");
        most && length_of(text) > most->to_number<std::size_t>())
        return wrong("is too long");
    if (const auto* pattern = rules.if_contains("pattern"))
        if (!std::regex_search(text.begin(), text.end(), std::regex(pattern->as_string().c_str())))
            return wrong("is not of the pattern");
    if (const auto* format = rules.if_contains("format"); format && !is_of_format(text, format->as_string()))
        return wrong("is not of the format");
    return {};
}

std::string JsonSchemas::in_object(const json::object& value, const json::object& rules,
                                   const std::string& at) const {
    if (const auto* required = rules.if_contains("required"))
        for (const auto& key : required->as_array())
            if (!value.contains(key.as_string()))
                return at + "/" + std::string(key.as_string()) + " is missing";
    const auto* properties = rules.if_contains("properties");
    if (!properties) return {};
    for (const auto& [key, schema] : properties->as_object())
        if (const auto* member = value.if_contains(key))
            if (auto fault = mismatch(*member, schema, at + "/" + std::string(key)); !fault.empty())
                return fault;
    return {};
}

}  // namespace dacapo::test
