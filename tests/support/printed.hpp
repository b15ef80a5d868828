// Any event as one readable line, through the same field lists that store it.
// For messages of failing tests; what is stored has its own writer.
#pragma once

#include "events/enum_names.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace dacapo {

template <class T>
concept HasFields = requires(T& value) {
    T::fields(value, [](const char*, auto&, auto...) {});
};

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T>
inline constexpr bool is_vector = false;
template <class T>
inline constexpr bool is_vector<std::vector<T>> = true;

// The enumerator's own spelling, which the compiler prints in the name of a template; enums here count from
// zero.
template <auto Value>
std::string_view spelled() {
    std::string_view text = __PRETTY_FUNCTION__;
    text = text.substr(0, text.find_first_of(";]", text.find("Value = ")));
    return text.substr(text.find_last_of(": ") + 1);
}

template <class Enum>
std::string enumerator_name(Enum value) {
    constexpr std::size_t enumerators_max = 16;
    const auto spell = [&]<std::size_t... number>(std::index_sequence<number...>) {
        std::string name = "enumerator " + std::to_string(static_cast<int>(value));
        ((static_cast<std::size_t>(value) == number ? void(name = spelled<static_cast<Enum>(number)>())
                                                    : void()),
         ...);
        return name;
    };
    return spell(std::make_index_sequence<enumerators_max>());
}

inline std::string printed(bool value) { return value ? "true" : "false"; }
inline std::string printed(std::int64_t value) { return std::to_string(value); }
inline std::string printed(double value) {
    std::ostringstream out;
    out << value;
    return out.str();
}
inline std::string printed(const std::string& value) { return '"' + value + '"'; }
template <class Tag>
std::string printed(Id<Tag> id) {
    return std::to_string(id.value);
}
inline std::string printed(Timestamp time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{time - day};
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
                  static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                  static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                  static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()),
                  static_cast<int>(clock.subseconds().count()));
    return text.data();
}
template <class Enum>
requires std::is_enum_v<Enum> std::string printed(Enum value) { return enumerator_name(value); }

template <HasFields T>
std::string printed(const T& value);
template <class... Ts>
std::string printed(const std::variant<Ts...>& value);

template <class T>
std::string printed(const std::optional<T>& value) {
    return value ? printed(*value) : "null";
}
template <class T>
std::string printed(const std::vector<T>& values) {
    std::string text = "[";
    for (const auto& value : values) text += (text.size() > 1 ? ", " : "") + printed(value);
    return text + "]";
}
template <HasFields T>
std::string printed(const T& value) {
    std::string text = "{";
    T::fields(value, [&](const char* key, const auto& member, auto...) {
        text += (text.size() > 1 ? ", " : "") + std::string(key) + ": " + printed(member);
    });
    text += "}";
    if constexpr (requires { T::type.name; }) text = std::string(T::type.name) + " " + text;
    return text;
}
template <class... Ts>
std::string printed(const std::variant<Ts...>& value) {
    return std::visit([](const auto& alternative) { return printed(alternative); }, value);
}

}  // namespace dacapo
