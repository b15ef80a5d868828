// How a struct names its fields once, for every use: storing, reading, documenting, fingerprinting.
// A struct has `template <class Self, class Field> static void fields(Self& self, Field&& field)` that
// calls `field(key, member)` or `field(key, member, personal(user))` for each member, in order.
#pragma once

#include "events/ids.hpp"

#include <string_view>

namespace dacapo {

// The stored name and version of an event type. Neither ever comes from a C++ type name.
struct EventType {
    std::string_view name;
    int version = 1;
};

// Marks a field as personal: it is about this person and is forgotten with them.
struct Personal {
    UserId about;
};

constexpr Personal personal(UserId about) { return Personal{about}; }

// One lambda per alternative of a variant: a new alternative does not compile until it is handled.
template <class... Ts>
struct overloaded : Ts... {
    using Ts::operator()...;
};
template <class... Ts>
overloaded(Ts...) -> overloaded<Ts...>;

}  // namespace dacapo
