// What a decider is given and what it answers. Deciders are pure: no clock, no I/O, no ids of their own
// making.
#pragma once

#include "events/account_events.hpp"

#include <variant>
#include <vector>

namespace dacapo {

// Who asks and when. Ids that a decision may need are arguments of the command itself.
struct Context {
    UserId actor;
    Role role = Role::user;
    Timestamp now;
};

// Events to record (none: the command changes nothing, so nothing is recorded), or why it was not accepted.
template <class Event, class Refusal>
using Decision = std::variant<std::vector<Event>, Refusal>;

}  // namespace dacapo
