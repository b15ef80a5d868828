#include "projections/events.hpp"

#include "infra/text.hpp"

namespace dacapo {

namespace {

constexpr std::string_view change_details = R"(
    UPDATE events SET title = $2, description = $3, date = $4, timezone = $5, starts_at = $6, ends_at = $7,
        location = $8, latitude = $9, longitude = $10, kind = $11, version = $12, changed_at = $13,
        search_text = $14
    WHERE id = $1)";
constexpr std::string_view change_status = R"(
    UPDATE events SET status = $2, changed_at = $3 WHERE id = $1 AND status = 'published')";
constexpr std::string_view select_hosts = "SELECT hosts FROM events WHERE id = $1";
constexpr std::string_view change_hosts = "UPDATE events SET hosts = $2, changed_at = $3 WHERE id = $1";
constexpr std::string_view delete_event = "DELETE FROM events WHERE id = $1";
constexpr std::string_view delete_participants = "DELETE FROM participants WHERE event_id = $1";

std::string search_text_of(const GatheringDetails& details) {
    return fold(details.title + ' ' + details.description + ' ' + details.location);
}

}  // namespace

void Events::apply(const GatheringScheduled& e, const Recorded& recorded) {
    EventRow row;
    row.id = e.gathering_id;
    row.details = e.details;
    row.organizer_id = e.organizer_id;
    row.created_at = e.scheduled_at;
    row.changed_at = recorded.time;
    row.search_text = search_text_of(e.details);
    events.upsert(std::move(row));
}

void Events::apply(const HostAdded& e, const Recorded& recorded) {
    auto hosts = events.value<std::string>(select_hosts, e.gathering_id);
    if (!hosts) return;  // Deleted since.
    hosts->pop_back();
    if (hosts->size() > 1) *hosts += ',';
    *hosts += std::to_string(e.user_id.value) + ']';
    events.execute(change_hosts, e.gathering_id, *hosts, recorded.time);
}

void Events::apply(const GatheringChanged& e, const Recorded& recorded) {
    const auto& d = e.details;
    events.execute(change_details, e.gathering_id, d.title, d.description, d.date, d.timezone, d.starts_at,
                   d.ends_at, d.location, d.latitude, d.longitude, d.kind, e.details_version, recorded.time,
                   search_text_of(d));
}

void Events::apply(const GatheringCancelled& e, const Recorded& recorded) {
    events.execute(change_status, e.gathering_id, "cancelled", recorded.time);
}

void Events::apply(const GatheringEnded& e, const Recorded& recorded) {
    events.execute(change_status, e.gathering_id, "past", recorded.time);
}

void Events::apply(const GatheringDeleted& e, const Recorded&) {
    participants.execute(delete_participants, e.gathering_id);
    events.execute(delete_event, e.gathering_id);
}

}  // namespace dacapo
