#include "domain/check_in.hpp"

#include <stdexcept>

namespace dacapo {

namespace {

using Events = std::vector<CheckInEvent>;
using State = CheckIns::State;
using enum CheckIns::Refusal;

CheckIns::Decision check_in(const CheckIns::CheckIn& command, const State& state, const Context& by) {
    if (state.active_id && state.active_id == command.check_in_id) return Events{};
    if (!CheckIns::faults(command).empty()) return details_invalid;
    Events events;
    if (CheckIns::is_active(state, by.now))
        events.emplace_back(CheckedOut{state.active_id, by.actor, CheckOut::replaced});
    else if (state.active_id)  // A day old, and the clock has not come round to it yet.
        events.emplace_back(CheckInExpired{state.active_id, by.actor});
    events.emplace_back(CheckedIn{command.check_in_id, by.actor, command.location_name, command.latitude,
                                  command.longitude, command.status_emoji, command.message, command.event_id,
                                  by.now, by.now + check_in_lifetime});
    return events;
}

CheckIns::Decision check_out(const CheckIns::CheckOut& command, const State& state, const Context& by) {
    if (!CheckIns::is_active(state, by.now) || state.active_id != command.check_in_id) return not_found;
    if (by.actor != state.user_id && by.role != Role::admin) return not_yours;
    return Events{CheckedOut{state.active_id, state.user_id, CheckOut::deleted}};
}

CheckIns::Decision expire(const CheckIns::Expire& command, const State& state, const Context& by) {
    const bool is_due =
        state.active_id && state.active_id == command.check_in_id && by.now >= state.expires_at;
    if (!is_due) return Events{};
    return Events{CheckInExpired{state.active_id, state.user_id}};
}

void end(State& state, CheckInId ended) {
    if (!state.active_id || state.active_id != ended)
        throw std::logic_error("a check-in ended that was not active");
    state.active_id = {};
    state.expires_at = {};
}

}  // namespace

FieldFaults CheckIns::faults(const CheckIn& command) {
    FieldFaults found;
    check_length(found, "location_name", command.location_name, 1, location_name_characters_max);
    check_coordinates(found, command.latitude, command.longitude);
    if (command.status_emoji && command.status_emoji->size() > status_emoji_bytes_max)
        found.push_back({"status_emoji", "too_long"});
    if (command.message) check_length(found, "message", *command.message, 0, check_in_message_characters_max);
    return found;
}

bool CheckIns::is_active(const State& state, Timestamp now) {
    return state.active_id && now < state.expires_at;
}

CheckIns::Decision CheckIns::decide(const Command& command, const State& state, const Context& by) {
    return std::visit(overloaded{
                          [&](const CheckIn& c) { return check_in(c, state, by); },
                          [&](const CheckOut& c) { return check_out(c, state, by); },
                          [&](const Expire& c) { return expire(c, state, by); },
                      },
                      command);
}

void CheckIns::evolve(State& state, const Event& event) {
    std::visit(overloaded{
                   [&](const CheckedIn& e) {
                       if (state.active_id) throw std::logic_error("somebody checked in twice");
                       state = {e.user_id, e.check_in_id, e.expires_at};
                   },
                   [&](const CheckedOut& e) { end(state, e.check_in_id); },
                   [&](const CheckInExpired& e) { end(state, e.check_in_id); },
               },
               event);
}

}  // namespace dacapo
