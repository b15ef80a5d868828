// The read model of sessions: one row for each that has not ended, so that its owner sees where they are
// logged in. Whether a session lives is not asked of it: that is folded from the log itself
// (infra/session_registry.hpp).
#pragma once

#include "infra/sql/table.hpp"
#include "projections/projection.hpp"

namespace dacapo {

struct SessionRow {
    static constexpr std::string_view table = "sessions";
    static constexpr int key_count = 1;
    static constexpr const char* create = R"(
        CREATE TABLE sessions (
            id INTEGER PRIMARY KEY,
            user_id INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            refreshed_at INTEGER NOT NULL
        );
        CREATE INDEX sessions_of_user ON sessions (user_id, id))";

    SessionId id;
    UserId user_id;
    Timestamp created_at;
    Timestamp refreshed_at;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("id", self.id);
        field("user_id", self.user_id);
        field("created_at", self.created_at);
        field("refreshed_at", self.refreshed_at);
    }
};

struct Sessions {
    static constexpr std::string_view name = "sessions";
    static constexpr int version = 1;

    explicit Sessions(sql::Session& writer) : sessions(writer) {}

    void apply(const SessionOpened& e, const Recorded&) {
        sessions.upsert({.id = e.session_id,
                         .user_id = e.user_id,
                         .created_at = e.opened_at,
                         .refreshed_at = e.opened_at});
    }
    void apply(const SessionRefreshed& e, const Recorded&) {
        sessions.execute("UPDATE sessions SET refreshed_at = $2 WHERE id = $1", e.session_id, e.refreshed_at);
    }
    void apply(const SessionEnded& e, const Recorded&) {
        sessions.execute("DELETE FROM sessions WHERE id = $1", e.session_id);
    }

    template <class Each>
    void tables(Each&& each) {
        each(sessions);
    }

    sql::Table<SessionRow> sessions;
};

}  // namespace dacapo
