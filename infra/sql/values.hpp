// Our own types as the few that databases know: 64-bit integers, doubles, texts and nothing.
// Here once, because parameters and whole columns of rows carry the same types.
#pragma once

#include "events/enum_names.hpp"
#include "events/ids.hpp"

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dacapo::sql {

inline std::nullopt_t plain(std::nullopt_t) { return std::nullopt; }
inline double plain(double number) { return number; }
inline std::string_view plain(std::string_view text) { return text; }
inline std::string_view plain(const std::string& text) { return text; }
inline std::string_view plain(const char* text) { return text; }
template <std::integral Number>
std::int64_t plain(Number number) {
    return static_cast<std::int64_t>(number);
}
template <class Tag>
std::int64_t plain(Id<Tag> id) {
    return id.value;
}
// Milliseconds since the epoch.
inline std::int64_t plain(Timestamp time) { return time.time_since_epoch().count(); }
template <NamedEnum Enum>
std::string_view plain(Enum value) {
    return name_of(value);
}
template <class Value>
auto plain(const std::optional<Value>& value) {
    return value ? std::optional(plain(*value)) : std::nullopt;
}

}  // namespace dacapo::sql
