// A roster: who has a seat at a gathering and who waits for one, in order.
// A freed or added seat goes to the first in line in the same decision, so people wait only while it is full.
#pragma once

#include "domain/decision.hpp"
#include "domain/waiting_line.hpp"
#include "events/roster_events.hpp"

#include <cstddef>
#include <optional>
#include <set>
#include <variant>

namespace dacapo {

inline constexpr std::int64_t capacity_min = 1;
inline constexpr std::int64_t capacity_max = 100'000;

struct Roster {
    using Event = RosterEvent;

    // The organizer takes the first seat and keeps it.
    struct Open {
        GatheringId gathering_id;
        std::optional<std::int64_t> capacity;  // seats; none: unlimited
        UserId organizer_id;
    };
    struct Join {};   // the actor
    struct Leave {};  // the actor, from a seat or from the waiting list
    // Whether the actor is a host is the gathering's to say, before this is asked.
    struct SetCapacity {
        std::optional<std::int64_t> capacity;
    };
    struct Close {};
    using Command = std::variant<Open, Join, Leave, SetCapacity, Close>;

    struct State {
        bool opened = false;
        bool closed = false;
        GatheringId gathering_id;
        UserId organizer_id;
        std::optional<std::int64_t> capacity;
        std::set<UserId> going;
        WaitingLine waiting;

        template <class Self, class Field>
        static void fields(Self& self, Field&& field) {
            field("opened", self.opened);
            field("closed", self.closed);
            field("gathering_id", self.gathering_id);
            field("organizer_id", self.organizer_id);
            field("capacity", self.capacity);
            field("going", self.going);
            field("waiting", self.waiting);
        }
        bool operator==(const State&) const = default;
    };
    static constexpr int evolve_version = 1;

    enum class Refusal {
        not_opened,
        closed,
        already_joined,  // going or waiting
        not_in,
        creator_cannot_leave,
        capacity_out_of_range,
        capacity_below_going,
    };
    using Decision = dacapo::Decision<Event, Refusal>;

    static Decision decide(const Command& command, const State& state, const Context& by);
    // Throws std::logic_error on a history that cannot be.
    static void evolve(State& state, const Event& event);

    static std::int64_t going_count(const State& state) { return std::ssize(state.going); }
    static std::int64_t waiting_count(const State& state) { return state.waiting.size(); }
    // 1 for the first in line, 0 for somebody who does not wait.
    static std::int64_t place_of(const State& state, UserId user) { return state.waiting.place_of(user); }
    // Somebody besides the organizer has a seat or waits for one.
    static bool others_are_in(const State& state) { return going_count(state) + waiting_count(state) > 1; }
};

}  // namespace dacapo
