// Turns the contract's structs into JSON and into JSON Schema from one field list, so that what is documented
// is what is answered. A field is `field(key, member, "description")`; an optional without a value is null.
#pragma once

#include "events/enum_names.hpp"
#include "events/json_writer.hpp"
#include "infra/wall_time.hpp"

#include <boost/json.hpp>
#include <concepts>
#include <optional>
#include <string>
#include <vector>

namespace dacapo::api {

namespace json = boost::json;

template <class T>
concept Resource = requires(T& value) {
    T::fields(value, [](const char*, auto&, auto&&...) {});
};

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};

inline void write(JsonWriter& out, const std::string& value) { out.value(value); }
inline void write(JsonWriter& out, std::int64_t value) { out.value(value); }
inline void write(JsonWriter& out, double value) { out.value(value); }
inline void write(JsonWriter& out, bool value) { out.value(value); }
inline void write(JsonWriter& out, Timestamp value) { out.value(format_utc(value)); }
template <class Tag>
void write(JsonWriter& out, Id<Tag> value) {
    out.value(value.value);
}
template <NamedEnum Enum>
void write(JsonWriter& out, Enum value) {
    out.value(name_of(value));
}
template <Resource T>
void write(JsonWriter& out, const T& value);
template <class T>
void write(JsonWriter& out, const std::optional<T>& value) {
    if (value)
        write(out, *value);
    else
        out.null();
}
template <class T>
void write(JsonWriter& out, const std::vector<T>& values) {
    out.begin_array();
    for (const auto& value : values) write(out, value);
    out.end_array();
}
template <Resource T>
void write(JsonWriter& out, const T& value) {
    out.begin_object();
    T::fields(value, [&](const char* key, const auto& member, auto&&...) {
        out.key(key);
        write(out, member);
    });
    out.end_object();
}

template <class T>
std::string to_json(const T& value) {
    std::string text;
    JsonWriter out(text);
    write(out, value);
    return text;
}

// JSON Schema 2020-12 of a type. Structs with a `name` are referred to under #/components/schemas.
template <class T>
json::object schema_of();

template <Resource T>
json::object object_schema() {
    json::object properties;
    json::array required;
    T sample{};
    T::fields(sample, [&]<class Member>(const char* key, Member&, const char* description = "") {
        auto schema = schema_of<std::remove_cvref_t<Member>>();
        if (*description) schema["description"] = description;
        properties[key] = std::move(schema);
        required.emplace_back(key);  // Optional fields are present as null.
    });
    return {{"type", "object"}, {"properties", properties}, {"required", required}};
}

template <class T>
json::object schema_of() {
    if constexpr (std::same_as<T, std::string>) {
        return {{"type", "string"}};
    } else if constexpr (std::same_as<T, std::int64_t>) {
        return {{"type", "integer"}};
    } else if constexpr (std::same_as<T, double>) {
        return {{"type", "number"}};
    } else if constexpr (std::same_as<T, bool>) {
        return {{"type", "boolean"}};
    } else if constexpr (std::same_as<T, Timestamp>) {
        return {{"type", "string"}, {"format", "date-time"}};
    } else if constexpr (NamedEnum<T>) {
        json::array names;
        for (const auto name : EnumNames<T>::names) names.emplace_back(name);
        return {{"type", "string"}, {"enum", names}};
    } else if constexpr (IsOptional<T>::value) {
        auto schema = schema_of<typename T::value_type>();
        if (auto* type = schema.if_contains("type")) {
            *type = json::array{*type, "null"};
            if (auto* names = schema.if_contains("enum")) names->as_array().emplace_back(nullptr);
            return schema;
        }
        return {{"anyOf", json::array{schema, json::object{{"type", "null"}}}}};
    } else if constexpr (requires(T & value) { value.value; }) {  // Id<>
        return {{"type", "integer"}, {"minimum", 1}, {"maximum", id_limit - 1}};
    } else if constexpr (requires { T::name; }) {
        return {{"$ref", "#/components/schemas/" + std::string(T::name)}};
    } else if constexpr (Resource<T>) {
        return object_schema<T>();
    } else {
        return {{"type", "array"}, {"items", schema_of<typename T::value_type>()}};
    }
}

// Schemas as text, for routes.
template <class T>
std::string schema_text() {
    return json::serialize(schema_of<T>());
}
template <class T>
std::string list_schema_text() {
    return json::serialize(schema_of<std::vector<T>>());
}

}  // namespace dacapo::api
