// The read model of check-ins: where people are, and where they were.
// Here because the feed lists the active ones of everyone and a profile those of one person.
#pragma once

#include "infra/sql/table.hpp"
#include "projections/projection.hpp"

namespace dacapo {

struct CheckInRow {
    static constexpr std::string_view table = "check_ins";
    static constexpr int key_count = 1;
    static constexpr const char* create = R"(
        CREATE TABLE check_ins (
            id INTEGER PRIMARY KEY,
            user_id INTEGER NOT NULL,
            location_name TEXT NOT NULL,
            latitude REAL,
            longitude REAL,
            status_emoji TEXT,
            message TEXT,
            event_id INTEGER,
            created_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            active INTEGER NOT NULL
        );
        CREATE INDEX check_ins_active ON check_ins (active, created_at);
        CREATE INDEX check_ins_of_user ON check_ins (user_id, created_at))";

    CheckInId id;
    UserId user_id;
    std::string_view location_name;
    std::optional<double> latitude;
    std::optional<double> longitude;
    std::optional<std::string_view> status_emoji;
    std::optional<std::string_view> message;
    std::optional<GatheringId> event_id;
    Timestamp created_at;
    Timestamp expires_at;
    bool active = true;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("id", self.id);
        field("user_id", self.user_id);
        field("location_name", self.location_name);
        field("latitude", self.latitude);
        field("longitude", self.longitude);
        field("status_emoji", self.status_emoji);
        field("message", self.message);
        field("event_id", self.event_id);
        field("created_at", self.created_at);
        field("expires_at", self.expires_at);
        field("active", self.active);
    }
};

struct CheckInRecords {
    static constexpr std::string_view name = "check_ins";
    static constexpr int version = 1;

    explicit CheckInRecords(sql::Session& writer) : check_ins(writer) {}

    void apply(const CheckedIn& e, const Recorded&) {
        check_ins.upsert({.id = e.check_in_id,
                          .user_id = e.user_id,
                          .location_name = e.location_name,
                          .latitude = e.latitude,
                          .longitude = e.longitude,
                          .status_emoji = e.status_emoji,
                          .message = e.message,
                          .event_id = e.event_id,
                          .created_at = e.checked_in_at,
                          .expires_at = e.expires_at,
                          .active = true});
    }
    void apply(const CheckedOut& e, const Recorded&) { deactivate(e.check_in_id); }
    void apply(const CheckInExpired& e, const Recorded&) { deactivate(e.check_in_id); }

    template <class Each>
    void tables(Each&& each) {
        each(check_ins);
    }

    sql::Table<CheckInRow> check_ins;

private:
    void deactivate(CheckInId id) { check_ins.execute("UPDATE check_ins SET active = 0 WHERE id = $1", id); }
};

}  // namespace dacapo
