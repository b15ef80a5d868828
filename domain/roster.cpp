#include "domain/roster.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace dacapo {

namespace {

using Events = std::vector<RosterEvent>;
using State = Roster::State;
using enum Roster::Refusal;

bool capacity_is_valid(std::optional<std::int64_t> capacity) {
    return !capacity || (*capacity >= capacity_min && *capacity <= capacity_max);
}

std::int64_t free_seat_count(std::optional<std::int64_t> capacity, std::int64_t going_count) {
    return capacity ? std::max<std::int64_t>(*capacity - going_count, 0)
                    : std::numeric_limits<std::int64_t>::max();
}

// The one place where seats are given out, however they came to be free.
void seat_first_in_line(const State& state, std::int64_t seat_count, Timestamp now, Events& events) {
    for (const UserId user : state.waiting.first(seat_count))
        events.emplace_back(SeatTaken{state.gathering_id, user, now});
}

std::optional<Roster::Refusal> refusal_to(const State& state) {
    if (!state.opened) return not_opened;
    if (state.closed) return closed;
    return std::nullopt;
}

Roster::Decision open(const Roster::Open& command, const State& state, const Context& by) {
    if (state.opened) return Events{};
    if (!capacity_is_valid(command.capacity)) return capacity_out_of_range;
    return Events{RosterOpened{command.gathering_id, command.capacity},
                  ParticipantJoined{command.gathering_id, command.organizer_id, by.now}};
}

Roster::Decision join(const State& state, const Context& by) {
    if (const auto refusal = refusal_to(state)) return *refusal;
    if (state.going.contains(by.actor) || state.waiting.contains(by.actor)) return already_joined;
    if (free_seat_count(state.capacity, Roster::going_count(state)) > 0)
        return Events{ParticipantJoined{state.gathering_id, by.actor, by.now}};
    return Events{WaitlistEntered{state.gathering_id, by.actor, state.waiting.size() + 1, by.now}};
}

Roster::Decision leave(const State& state, const Context& by) {
    if (const auto refusal = refusal_to(state)) return *refusal;
    const bool has_seat = state.going.contains(by.actor);
    if (!has_seat && !state.waiting.contains(by.actor)) return not_in;
    if (by.actor == state.organizer_id) return creator_cannot_leave;
    Events events{ParticipantWithdrew{state.gathering_id, by.actor}};
    if (has_seat)
        seat_first_in_line(state, free_seat_count(state.capacity, Roster::going_count(state) - 1), by.now,
                           events);
    return events;
}

Roster::Decision set_capacity(const Roster::SetCapacity& command, const State& state, const Context& by) {
    if (const auto refusal = refusal_to(state)) return *refusal;
    if (!capacity_is_valid(command.capacity)) return capacity_out_of_range;
    if (command.capacity == state.capacity) return Events{};
    const auto going_count = Roster::going_count(state);
    if (command.capacity && *command.capacity < going_count) return capacity_below_going;
    Events events{CapacitySet{state.gathering_id, command.capacity}};
    seat_first_in_line(state, free_seat_count(command.capacity, going_count), by.now, events);
    return events;
}

Roster::Decision close(const State& state) {
    if (!state.opened) return not_opened;
    if (state.closed) return Events{};
    return Events{RosterClosed{state.gathering_id}};
}

void require(bool condition, const char* what) {
    if (!condition) throw std::logic_error(what);
}

void require_running(const State& state) {
    require(state.opened && !state.closed, "a roster changed that was not open");
}

}  // namespace

Roster::Decision Roster::decide(const Command& command, const State& state, const Context& by) {
    return std::visit(overloaded{
                          [&](const Open& c) { return open(c, state, by); },
                          [&](const Join&) { return join(state, by); },
                          [&](const Leave&) { return leave(state, by); },
                          [&](const SetCapacity& c) { return set_capacity(c, state, by); },
                          [&](const Close&) { return close(state); },
                      },
                      command);
}

void Roster::evolve(State& state, const Event& event) {
    std::visit(overloaded{
                   [&](const RosterOpened& e) {
                       require(!state.opened, "a roster was opened twice");
                       state.opened = true;
                       state.gathering_id = e.gathering_id;
                       state.capacity = e.capacity;
                   },
                   [&](const ParticipantJoined& e) {
                       require_running(state);
                       require(!state.waiting.contains(e.user_id), "somebody who waits joined past the line");
                       require(state.going.insert(e.user_id).second, "somebody joined twice");
                       if (!state.organizer_id) state.organizer_id = e.user_id;
                   },
                   [&](const WaitlistEntered& e) {
                       require_running(state);
                       require(!state.going.contains(e.user_id) && !state.waiting.contains(e.user_id),
                               "somebody waits who was already in");
                       state.waiting.enter(e.user_id);
                   },
                   [&](const SeatTaken& e) {
                       require_running(state);
                       require(state.waiting.contains(e.user_id), "a seat went to somebody who did not wait");
                       state.waiting.leave(e.user_id);
                       state.going.insert(e.user_id);
                   },
                   [&](const ParticipantWithdrew& e) {
                       require_running(state);
                       if (state.going.erase(e.user_id) > 0) return;
                       require(state.waiting.contains(e.user_id), "somebody withdrew who was not in");
                       state.waiting.leave(e.user_id);
                   },
                   [&](const CapacitySet& e) {
                       require_running(state);
                       state.capacity = e.capacity;
                   },
                   [&](const RosterClosed&) {
                       require_running(state);
                       state.closed = true;
                   },
               },
               event);
}

}  // namespace dacapo
