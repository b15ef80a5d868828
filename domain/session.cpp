#include "domain/session.hpp"

#include <stdexcept>

namespace dacapo {

namespace {

using Events = std::vector<SessionEvent>;
using enum Session::Refusal;

Session::Decision open(const Session::Open& command, const Session::State& state, const Context& by) {
    if (state.session_id) return already_open;
    return Events{SessionOpened{command.session_id, command.user_id, command.refresh_hash, by.now}};
}

bool is_repeat(const Session::Refresh& command, const Session::State& state, Timestamp now) {
    return command.presented_hash == state.parent_hash && command.successor_hash == state.refresh_hash &&
           now - state.rotated_at <= refresh_repeat_window;
}

Session::Decision refresh(const Session::Refresh& command, const Session::State& state, const Context& by) {
    if (!state.session_id) return unknown_session;
    const bool is_over =
        by.now - state.rotated_at > session_idle_max || by.now - state.opened_at > session_age_max;
    if (state.ended || is_over) return session_ended;
    if (command.presented_hash == state.refresh_hash)
        return Events{SessionRefreshed{state.session_id, state.user_id, command.successor_hash, by.now}};
    if (is_repeat(command, state, by.now)) return Events{};
    return Events{SessionEnded{state.session_id, state.user_id, SessionEnd::token_reused}};
}

Session::Decision end(const Session::End& command, const Session::State& state, const Context& by) {
    // Somebody else's session looks like none. The system itself has no actor and may end any.
    const bool may_end = !by.actor || by.actor == state.user_id || by.role == Role::admin;
    if (!state.session_id || !may_end) return unknown_session;
    if (state.ended) return Events{};
    return Events{SessionEnded{state.session_id, state.user_id, command.reason}};
}

void require_live(const Session::State& state) {
    if (!state.session_id || state.ended) throw std::logic_error("a session went on that was not open");
}

}  // namespace

Session::Decision Session::decide(const Command& command, const State& state, const Context& by) {
    return std::visit(overloaded{
                          [&](const Open& c) { return open(c, state, by); },
                          [&](const Refresh& c) { return refresh(c, state, by); },
                          [&](const End& c) { return end(c, state, by); },
                      },
                      command);
}

void Session::evolve(State& state, const Event& event) {
    std::visit(overloaded{
                   [&](const SessionOpened& e) {
                       if (state.session_id) throw std::logic_error("a session was opened twice");
                       state = {e.session_id, e.user_id, e.refresh_hash, {}, e.opened_at, e.opened_at, false};
                   },
                   [&](const SessionRefreshed& e) {
                       require_live(state);
                       state.parent_hash = std::move(state.refresh_hash);
                       state.refresh_hash = e.refresh_hash;
                       state.rotated_at = e.refreshed_at;
                   },
                   [&](const SessionEnded&) {
                       require_live(state);
                       state.ended = true;
                   },
               },
               event);
}

}  // namespace dacapo
