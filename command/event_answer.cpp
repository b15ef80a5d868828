#include "command/event_answer.hpp"

#include "infra/http/problem.hpp"

namespace dacapo {
namespace {

void show(api::Event& event, const GatheringDetails& details) {
    event.title = details.title;
    event.description = details.description;
    event.date = details.date;
    event.ends_at = details.ends_at;
    event.timezone = details.timezone;
    event.starts_at = details.starts_at;
    event.location = details.location;
    event.latitude = details.latitude;
    event.longitude = details.longitude;
    event.type = details.kind;
}

void apply(api::Event& event, const GatheringEvent& happened) {
    std::visit(overloaded{
                   [&](const GatheringScheduled& e) {
                       event.id = e.gathering_id;
                       event.organizer_id = e.organizer_id;
                       event.created_at = e.scheduled_at;
                       show(event, e.details);
                   },
                   [&](const HostAdded& e) { event.hosts.push_back(e.user_id); },
                   [&](const GatheringChanged& e) {
                       show(event, e.details);
                       event.version = e.details_version;
                   },
                   [&](const GatheringCancelled&) { event.status = api::EventStatus::cancelled; },
                   [&](const GatheringEnded&) { event.status = api::EventStatus::past; },
                   [](const GatheringDeleted&) {},
                   [](const RenameAbandoned&) {},
               },
               happened);
}

// A record that is answered with the event never withdraws anybody or closes in someone's name.
void apply(api::Event& event, const RosterEvent& happened, UserId viewer) {
    const auto seated = [&](UserId user) {
        ++event.participant_count;
        if (user == viewer) event.my_status = api::ParticipationStatus::going;
    };
    std::visit(overloaded{
                   [&](const RosterOpened& e) { event.capacity = e.capacity; },
                   [&](const ParticipantJoined& e) { seated(e.user_id); },
                   [&](const SeatTaken& e) {
                       --event.waitlist_count;
                       seated(e.user_id);
                   },
                   [&](const CapacitySet& e) { event.capacity = e.capacity; },
                   [](const WaitlistEntered&) {},
                   [](const ParticipantWithdrew&) {},
                   [](const RosterClosed&) {},
               },
               happened);
}

}  // namespace

api::Event event_of(const Gathering::State& gathering, const Roster::State& roster, UserId viewer) {
    api::Event event;
    event.id = gathering.gathering_id;
    event.organizer_id = gathering.organizer_id;
    event.created_at = gathering.scheduled_at;
    event.hosts = gathering.hosts;
    event.version = gathering.details_version;
    show(event, gathering.details);
    if (gathering.phase == Gathering::Phase::cancelled) event.status = api::EventStatus::cancelled;
    if (gathering.phase == Gathering::Phase::past) event.status = api::EventStatus::past;
    event.capacity = roster.capacity;
    event.participant_count = Roster::going_count(roster);
    event.waitlist_count = Roster::waiting_count(roster);
    if (roster.going.contains(viewer)) event.my_status = api::ParticipationStatus::going;
    if (roster.waiting.contains(viewer)) event.my_status = api::ParticipationStatus::waitlisted;
    return event;
}

api::Event event_after(api::Event before, const LogEntry* entry, UserId viewer) {
    if (!entry) return before;
    for (const auto& recorded : entry->record.events) {
        if (const auto* gathering = std::get_if<GatheringEvent>(&recorded.event)) apply(before, *gathering);
        if (const auto* seat = std::get_if<RosterEvent>(&recorded.event)) apply(before, *seat, viewer);
    }
    return before;
}

}  // namespace dacapo
