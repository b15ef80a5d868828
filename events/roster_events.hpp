// Who is in at a gathering and who waits. Stream: `roster-<gathering id>`. Stored for ever.
// Apart from the gathering's own stream, so that edits of a text never contend with a rush of joins.
#pragma once

#include "events/fields.hpp"

#include <optional>
#include <variant>

namespace dacapo {

struct RosterOpened {
    static constexpr EventType type{"roster.opened", 1};

    GatheringId gathering_id;
    std::optional<std::int64_t> capacity;  // seats; none: unlimited

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("gathering_id", self.gathering_id);
        field("capacity", self.capacity);
    }
    bool operator==(const RosterOpened&) const = default;
};

struct ParticipantJoined {
    static constexpr EventType type{"roster.participant-joined", 1};

    GatheringId gathering_id;
    UserId user_id;
    Timestamp joined_at;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("gathering_id", self.gathering_id);
        field("user_id", self.user_id);
        field("joined_at", self.joined_at);
    }
    bool operator==(const ParticipantJoined&) const = default;
};

struct WaitlistEntered {
    static constexpr EventType type{"roster.waitlist-entered", 1};

    GatheringId gathering_id;
    UserId user_id;
    std::int64_t place = 0;  // 1 is the first in line, at the moment of entering
    Timestamp entered_at;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("gathering_id", self.gathering_id);
        field("user_id", self.user_id);
        field("place", self.place);
        field("entered_at", self.entered_at);
    }
    bool operator==(const WaitlistEntered&) const = default;
};

// A freed or added seat went to the first in line.
struct SeatTaken {
    static constexpr EventType type{"roster.seat-taken", 1};

    GatheringId gathering_id;
    UserId user_id;
    Timestamp joined_at;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("gathering_id", self.gathering_id);
        field("user_id", self.user_id);
        field("joined_at", self.joined_at);
    }
    bool operator==(const SeatTaken&) const = default;
};

// Left by themselves, from a seat or from the waiting list.
struct ParticipantWithdrew {
    static constexpr EventType type{"roster.participant-withdrew", 1};

    GatheringId gathering_id;
    UserId user_id;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("gathering_id", self.gathering_id);
        field("user_id", self.user_id);
    }
    bool operator==(const ParticipantWithdrew&) const = default;
};

struct CapacitySet {
    static constexpr EventType type{"roster.capacity-set", 1};

    GatheringId gathering_id;
    std::optional<std::int64_t> capacity;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("gathering_id", self.gathering_id);
        field("capacity", self.capacity);
    }
    bool operator==(const CapacitySet&) const = default;
};

// The gathering was cancelled, deleted or is over: nobody joins or leaves any more.
struct RosterClosed {
    static constexpr EventType type{"roster.closed", 1};

    GatheringId gathering_id;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("gathering_id", self.gathering_id);
    }
    bool operator==(const RosterClosed&) const = default;
};

using RosterEvent = std::variant<RosterOpened, ParticipantJoined, WaitlistEntered, SeatTaken,
                                 ParticipantWithdrew, CapacitySet, RosterClosed>;

}  // namespace dacapo
