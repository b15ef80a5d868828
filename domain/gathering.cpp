#include "domain/gathering.hpp"

#include <algorithm>
#include <stdexcept>

namespace dacapo {

namespace {

using Events = std::vector<GatheringEvent>;
using State = Gathering::State;
using Phase = Gathering::Phase;
using enum Gathering::Refusal;

bool is_known(const State& state) { return state.phase != Phase::none && state.phase != Phase::deleted; }

bool is_abandoned(const State& state, const std::string& claim_id) {
    return std::find(state.abandoned_claims.begin(), state.abandoned_claims.end(), claim_id) !=
           state.abandoned_claims.end();
}

// Why this actor may not touch the gathering at all, if so.
std::optional<Gathering::Refusal> refusal_to(const State& state, const Context& by) {
    if (!is_known(state)) return not_found;
    if (by.role != Role::admin && !Gathering::is_host(state, by.actor)) return not_host;
    return std::nullopt;
}

Gathering::Decision schedule(const Gathering::Schedule& command, const State& state, const Context& by) {
    if (state.phase != Phase::none) return already_scheduled;
    if (!Gathering::faults(command.details).empty()) return details_invalid;
    if (command.details.starts_at < by.now) return date_past;
    return Events{
        GatheringScheduled{command.gathering_id, by.actor, command.details, command.title_claim_id, by.now},
        HostAdded{command.gathering_id, by.actor, by.now}};
}

Gathering::Decision change(const Gathering::Change& command, const State& state, const Context& by) {
    if (const auto refusal = refusal_to(state, by)) return *refusal;
    if (!Gathering::is_live(state, by.now)) return closed;
    if (is_abandoned(state, command.title_claim_id)) return rename_abandoned;
    // Before the version is compared, so that a repeat of a change that was made is not a conflict with
    // itself.
    if (command.details == state.details) return Events{};
    if (command.based_on_version != state.details_version) return changed_meanwhile;
    if (!Gathering::faults(command.details).empty()) return details_invalid;
    // A gathering that has begun can still get a new description.
    if (command.details.starts_at != state.details.starts_at && command.details.starts_at < by.now)
        return date_past;
    const auto& claim_id = command.title_claim_id.empty() ? state.title_claim_id : command.title_claim_id;
    return Events{
        GatheringChanged{state.gathering_id, command.details, state.details_version + 1, claim_id, by.actor}};
}

Gathering::Decision cancel(const Gathering::Cancel& command, const State& state, const Context& by) {
    if (const auto refusal = refusal_to(state, by)) return *refusal;
    if (state.phase == Phase::cancelled) return Events{};
    if (!Gathering::is_live(state, by.now)) return closed;
    if (command.reason && code_point_count(*command.reason) > cancel_reason_characters_max)
        return reason_too_long;
    return Events{GatheringCancelled{state.gathering_id, by.actor, command.reason, by.now}};
}

Gathering::Decision end(const State& state, const Context& by) {
    if (!is_known(state)) return not_found;
    const auto ends_at = Gathering::end_of(state.details);
    if (state.phase != Phase::scheduled || by.now < ends_at) return Events{};
    return Events{GatheringEnded{state.gathering_id, ends_at}};
}

Gathering::Decision remove(const Gathering::Delete& command, const State& state, const Context& by) {
    if (const auto refusal = refusal_to(state, by)) return *refusal;
    Events events;
    // Whoever is in learns that it does not take place, as from any cancellation.
    if (command.others_are_in && Gathering::is_live(state, by.now))
        events.emplace_back(GatheringCancelled{state.gathering_id, by.actor, std::nullopt, by.now});
    events.emplace_back(GatheringDeleted{state.gathering_id, by.actor});
    return events;
}

Gathering::Decision abandon_rename(const Gathering::AbandonRename& command, const State& state) {
    if (!is_known(state)) return not_found;
    if (state.title_claim_id == command.claim_id || is_abandoned(state, command.claim_id)) return Events{};
    return Events{RenameAbandoned{state.gathering_id, command.claim_id}};
}

void require(bool condition, const char* what) {
    if (!condition) throw std::logic_error(what);
}

}  // namespace

FieldFaults Gathering::faults(const GatheringDetails& details) {
    FieldFaults found;
    check_length(found, "title", details.title, 1, title_characters_max);
    check_length(found, "description", details.description, 0, description_characters_max);
    check_length(found, "location", details.location, 1, location_characters_max);
    check_coordinates(found, details.latitude, details.longitude);
    if (details.ends_at && *details.ends_at <= details.starts_at)
        found.push_back({"ends_at", "not_after_start"});
    return found;
}

Timestamp Gathering::end_of(const GatheringDetails& details) {
    return details.ends_at.value_or(details.starts_at + gathering_duration_default);
}

bool Gathering::is_live(const State& state, Timestamp now) {
    return state.phase == Phase::scheduled && now < end_of(state.details);
}

bool Gathering::is_host(const State& state, UserId user) {
    return std::find(state.hosts.begin(), state.hosts.end(), user) != state.hosts.end();
}

bool Gathering::renamed_with(const State& state, std::string_view claim_id) {
    return state.phase == Phase::scheduled && state.title_claim_id == claim_id;
}

Gathering::Decision Gathering::decide(const Command& command, const State& state, const Context& by) {
    return std::visit(overloaded{
                          [&](const Schedule& c) { return schedule(c, state, by); },
                          [&](const Change& c) { return change(c, state, by); },
                          [&](const Cancel& c) { return cancel(c, state, by); },
                          [&](const End&) { return end(state, by); },
                          [&](const Delete& c) { return remove(c, state, by); },
                          [&](const AbandonRename& c) { return abandon_rename(c, state); },
                      },
                      command);
}

void Gathering::evolve(State& state, const Event& event) {
    std::visit(
        overloaded{
            [&](const GatheringScheduled& e) {
                require(state.phase == Phase::none, "a gathering was scheduled twice");
                state.phase = Phase::scheduled;
                state.gathering_id = e.gathering_id;
                state.organizer_id = e.organizer_id;
                state.details = e.details;
                state.details_version = 1;
                state.title_claim_id = e.title_claim_id;
                state.scheduled_at = e.scheduled_at;
            },
            [&](const HostAdded& e) {
                require(is_known(state) && !is_host(state, e.user_id), "a host was added who cannot be");
                state.hosts.push_back(e.user_id);
            },
            [&](const GatheringChanged& e) {
                require(state.phase == Phase::scheduled && e.details_version == state.details_version + 1,
                        "a gathering changed out of turn");
                state.details = e.details;
                state.details_version = e.details_version;
                state.title_claim_id = e.title_claim_id;
            },
            [&](const GatheringCancelled&) {
                require(state.phase == Phase::scheduled, "a gathering was cancelled that was not scheduled");
                state.phase = Phase::cancelled;
            },
            [&](const GatheringEnded&) {
                require(state.phase == Phase::scheduled, "a gathering ended that was not scheduled");
                state.phase = Phase::past;
            },
            [&](const GatheringDeleted&) {
                require(is_known(state), "a gathering was deleted that was not there");
                state.phase = Phase::deleted;
                // The title stays for whoever has yet to free it.
                GatheringDetails title_alone;
                title_alone.title = std::move(state.details.title);
                state.details = std::move(title_alone);
            },
            [&](const RenameAbandoned& e) {
                require(is_known(state), "a rename was abandoned of a gathering that was not there");
                state.abandoned_claims.push_back(e.claim_id);
            },
        },
        event);
}

}  // namespace dacapo
