// The roster's half of the read model of events: places, capacity and counts.
#include "projections/events.hpp"

namespace dacapo {

namespace {

constexpr std::string_view going = "going";
constexpr std::string_view waitlisted = "waitlisted";

constexpr std::string_view select_place =
    "SELECT status FROM participants WHERE event_id = $1 AND user_id = $2";
constexpr std::string_view delete_place = "DELETE FROM participants WHERE event_id = $1 AND user_id = $2";
constexpr std::string_view change_counts = R"(
    UPDATE events SET participant_count = participant_count + $2, waitlist_count = waitlist_count + $3,
        changed_at = $4
    WHERE id = $1)";
constexpr std::string_view change_capacity = "UPDATE events SET capacity = $2, changed_at = $3 WHERE id = $1";

}  // namespace

void Events::set_place(GatheringId gathering, UserId user, std::optional<ParticipantRow> row,
                       const Recorded& recorded) {
    const auto before = participants.value<std::string>(select_place, gathering, user);
    const auto counts = [](const auto& place, std::string_view status) {
        return place && *place == status ? 1 : 0;
    };
    const auto after = row ? std::optional(row->status) : std::nullopt;
    const int going_change = counts(after, going) - counts(before, going);
    const int waiting_change = counts(after, waitlisted) - counts(before, waitlisted);

    if (row)
        participants.upsert(*row);
    else
        participants.execute(delete_place, gathering, user);
    if (going_change != 0 || waiting_change != 0)
        events.execute(change_counts, gathering, going_change, waiting_change, recorded.time);
}

void Events::set_capacity(GatheringId gathering, std::optional<std::int64_t> capacity,
                          const Recorded& recorded) {
    events.execute(change_capacity, gathering, capacity, recorded.time);
}

void Events::apply(const RosterOpened& e, const Recorded& recorded) {
    set_capacity(e.gathering_id, e.capacity, recorded);
}

void Events::apply(const CapacitySet& e, const Recorded& recorded) {
    set_capacity(e.gathering_id, e.capacity, recorded);
}

void Events::apply(const ParticipantJoined& e, const Recorded& recorded) {
    const ParticipantRow row{e.gathering_id, e.user_id, going, e.joined_at, recorded.version};
    set_place(e.gathering_id, e.user_id, row, recorded);
}

void Events::apply(const WaitlistEntered& e, const Recorded& recorded) {
    const ParticipantRow row{e.gathering_id, e.user_id, waitlisted, e.entered_at, recorded.version};
    set_place(e.gathering_id, e.user_id, row, recorded);
}

void Events::apply(const SeatTaken& e, const Recorded& recorded) {
    const ParticipantRow row{e.gathering_id, e.user_id, going, e.joined_at, recorded.version};
    set_place(e.gathering_id, e.user_id, row, recorded);
}

void Events::apply(const ParticipantWithdrew& e, const Recorded& recorded) {
    set_place(e.gathering_id, e.user_id, std::nullopt, recorded);
}

}  // namespace dacapo
