// The read model of gatherings (the API's "events") with who is in and who waits: tables `events`,
// `participants`. One projection for both, because details and roster write the same row and must be rebuilt
// and parked together.
#pragma once

#include "infra/sql/table.hpp"
#include "projections/projection.hpp"

namespace dacapo {

struct EventRow {
    static constexpr std::string_view table = "events";
    static constexpr int key_count = 1;
    static constexpr const char* create = R"(
        CREATE TABLE events (
            id INTEGER PRIMARY KEY,
            title TEXT NOT NULL,
            description TEXT NOT NULL,
            date TEXT NOT NULL,
            timezone TEXT NOT NULL,
            starts_at INTEGER NOT NULL,
            ends_at INTEGER,
            location TEXT NOT NULL,
            latitude REAL,
            longitude REAL,
            kind TEXT NOT NULL,
            status TEXT NOT NULL,
            organizer_id INTEGER NOT NULL,
            hosts TEXT NOT NULL,
            capacity INTEGER,
            participant_count INTEGER NOT NULL,
            waitlist_count INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            version INTEGER NOT NULL,
            changed_at INTEGER NOT NULL,
            search_text TEXT NOT NULL
        );
        CREATE INDEX events_by_start ON events (status, starts_at);
        CREATE INDEX events_of_organizer ON events (organizer_id);
        CREATE INDEX events_by_change ON events (changed_at) WHERE status <> 'past')";

    GatheringId id;
    GatheringDetails details;
    std::string_view status = "published";
    UserId organizer_id;
    std::string hosts = "[]";  // JSON array of user ids
    std::optional<std::int64_t> capacity;
    std::int64_t participant_count = 0;
    std::int64_t waitlist_count = 0;
    Timestamp created_at;
    std::int64_t version = 1;
    Timestamp changed_at;  // by any event of its own
    std::string search_text;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("id", self.id);
        GatheringDetails::fields(self.details, field);
        field("status", self.status);
        field("organizer_id", self.organizer_id);
        field("hosts", self.hosts);
        field("capacity", self.capacity);
        field("participant_count", self.participant_count);
        field("waitlist_count", self.waitlist_count);
        field("created_at", self.created_at);
        field("version", self.version);
        field("changed_at", self.changed_at);
        field("search_text", self.search_text);
    }
};

struct ParticipantRow {
    static constexpr std::string_view table = "participants";
    static constexpr int key_count = 2;
    // `ordinal` is the roster's version that gave the place: the order of seats, and of the line.
    static constexpr const char* create = R"(
        CREATE TABLE participants (
            event_id INTEGER NOT NULL,
            user_id INTEGER NOT NULL,
            status TEXT NOT NULL,
            joined_at INTEGER NOT NULL,
            ordinal INTEGER NOT NULL,
            PRIMARY KEY (event_id, user_id)
        ) WITHOUT ROWID;
        CREATE INDEX participants_of_user ON participants (user_id);
        CREATE INDEX participants_in_line ON participants (event_id, status, ordinal))";

    GatheringId event_id;
    UserId user_id;
    std::string_view status;
    Timestamp joined_at;
    std::int64_t ordinal = 0;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("event_id", self.event_id);
        field("user_id", self.user_id);
        field("status", self.status);
        field("joined_at", self.joined_at);
        field("ordinal", self.ordinal);
    }
};

struct Events {
    static constexpr std::string_view name = "events";
    static constexpr int version = 2;

    explicit Events(sql::Session& writer) : events(writer), participants(writer) {}

    void apply(const GatheringScheduled& e, const Recorded& recorded);
    void apply(const HostAdded& e, const Recorded& recorded);
    void apply(const GatheringChanged& e, const Recorded& recorded);
    void apply(const GatheringCancelled& e, const Recorded& recorded);
    void apply(const GatheringEnded& e, const Recorded& recorded);
    void apply(const GatheringDeleted& e, const Recorded& recorded);

    // In rosters.cpp.
    void apply(const RosterOpened& e, const Recorded& recorded);
    void apply(const ParticipantJoined& e, const Recorded& recorded);
    void apply(const WaitlistEntered& e, const Recorded& recorded);
    void apply(const SeatTaken& e, const Recorded& recorded);
    void apply(const ParticipantWithdrew& e, const Recorded& recorded);
    void apply(const CapacitySet& e, const Recorded& recorded);

    // A roster whose gathering is parked waits with it: it counts in the gathering's row.
    static StreamId parked_as(StreamId stream) {
        return stream.kind == StreamKind::roster ? StreamId{StreamKind::gathering, stream.key} : stream;
    }

    template <class Each>
    void tables(Each&& each) {
        each(events);
        each(participants);
    }

    sql::Table<EventRow> events;
    sql::Table<ParticipantRow> participants;

private:
    // Null leaves. Counts follow from what the person's place was before, so no order of events can spoil
    // them.
    void set_place(GatheringId gathering, UserId user, std::optional<ParticipantRow> row,
                   const Recorded& recorded);
    void set_capacity(GatheringId gathering, std::optional<std::int64_t> capacity, const Recorded& recorded);
};

}  // namespace dacapo
