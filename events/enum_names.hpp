// The stored and shown text of every enum in events. The order is the enum's own; texts never change.
#pragma once

#include "events/account_events.hpp"
#include "events/check_in_events.hpp"
#include "events/conversation_events.hpp"
#include "events/gathering_events.hpp"

#include <array>
#include <string_view>

namespace dacapo {

template <class Enum>
struct EnumNames;

template <>
struct EnumNames<Role> {
    static constexpr std::array<std::string_view, 4> names{"user", "admin", "commercial", "support"};
};
template <>
struct EnumNames<SessionEnd> {
    static constexpr std::array<std::string_view, 5> names{"logged_out", "token_reused", "revoked",
                                                           "password_changed", "superseded"};
};
template <>
struct EnumNames<GatheringKind> {
    static constexpr std::array<std::string_view, 7> names{"jam",      "concert", "rehearsal", "workshop",
                                                           "audition", "meetup",  "other"};
};
template <>
struct EnumNames<ConversationKind> {
    static constexpr std::array<std::string_view, 1> names{"direct"};
};
template <>
struct EnumNames<CheckOut> {
    static constexpr std::array<std::string_view, 2> names{"replaced", "deleted"};
};

template <class Enum>
concept NamedEnum = requires {
    EnumNames<Enum>::names;
};

template <NamedEnum Enum>
constexpr std::string_view name_of(Enum value) {
    return EnumNames<Enum>::names[static_cast<std::size_t>(value)];
}

// False when no value has this name; `value` is then left alone.
template <NamedEnum Enum>
constexpr bool enum_from_name(std::string_view name, Enum& value) {
    for (std::size_t i = 0; i < EnumNames<Enum>::names.size(); ++i) {
        if (EnumNames<Enum>::names[i] != name) continue;
        value = static_cast<Enum>(i);
        return true;
    }
    return false;
}

}  // namespace dacapo
