// The read model of direct messages and of how far their members have read.
// The hottest tables of all: a message costs one row and two index entries, its being read none.
#pragma once

#include "infra/sql/table.hpp"
#include "projections/projection.hpp"

namespace dacapo {

struct MessageRow {
    static constexpr std::string_view table = "messages";
    static constexpr int key_count = 1;
    // Every index entry ends with the row's id by itself, which is the tie-breaker of lists by time.
    static constexpr const char* create = R"(
        CREATE TABLE messages (
            id INTEGER PRIMARY KEY,
            conversation_id INTEGER NOT NULL,
            sequence INTEGER NOT NULL,
            sender_id INTEGER NOT NULL,
            receiver_id INTEGER NOT NULL,
            content TEXT NOT NULL,
            event_id INTEGER,
            client_id TEXT,
            created_at INTEGER NOT NULL
        );
        CREATE INDEX messages_received ON messages (receiver_id, created_at);
        CREATE INDEX messages_sent ON messages (sender_id, created_at))";

    MessageId id;
    ConversationId conversation_id;
    std::int64_t sequence = 0;
    UserId sender_id;
    UserId receiver_id;
    std::string_view content;
    std::optional<GatheringId> event_id;
    std::optional<std::string_view> client_id;
    Timestamp created_at;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("id", self.id);
        field("conversation_id", self.conversation_id);
        field("sequence", self.sequence);
        field("sender_id", self.sender_id);
        field("receiver_id", self.receiver_id);
        field("content", self.content);
        field("event_id", self.event_id);
        field("client_id", self.client_id);
        field("created_at", self.created_at);
    }
};

// A message is read when its receiver's marker has reached its sequence. The key begins with the user,
// because queries ask for one user's markers: otherwise PostgreSQL reads the whole table for them.
struct ReadMarkerRow {
    static constexpr std::string_view table = "read_markers";
    static constexpr int key_count = 2;
    static constexpr const char* create = R"(
        CREATE TABLE read_markers (
            conversation_id INTEGER NOT NULL,
            user_id INTEGER NOT NULL,
            up_to INTEGER NOT NULL,
            PRIMARY KEY (user_id, conversation_id)
        ) WITHOUT ROWID)";

    ConversationId conversation_id;
    UserId user_id;
    std::int64_t up_to = 0;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("conversation_id", self.conversation_id);
        field("user_id", self.user_id);
        field("up_to", self.up_to);
    }
};

struct Messages {
    static constexpr std::string_view name = "messages";
    static constexpr int version = 2;

    explicit Messages(sql::Session& writer) : messages(writer), read_markers(writer) {}

    void apply(const MessageSent& e, const Recorded&) {
        messages.upsert({.id = e.message_id,
                         .conversation_id = e.conversation_id,
                         .sequence = e.sequence,
                         .sender_id = e.sender_id,
                         .receiver_id = e.receiver_id,
                         .content = e.content,
                         .event_id = e.event_id,
                         .client_id = e.client_id,
                         .created_at = e.sent_at});
    }

    void apply(const ReadMarkerMoved& e, const Recorded&) {
        read_markers.upsert({.conversation_id = e.conversation_id, .user_id = e.user_id, .up_to = e.up_to});
    }

    template <class Each>
    void tables(Each&& each) {
        each(messages);
        each(read_markers);
    }

    sql::Table<MessageRow> messages;
    sql::Table<ReadMarkerRow> read_markers;
};

}  // namespace dacapo
