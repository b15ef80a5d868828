// What people said to each other. Stream: `conversation-<id>`. Stored for ever.
// A direct conversation is opened by its first message and keeps its two members for ever.
#pragma once

#include "events/fields.hpp"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace dacapo {

enum class ConversationKind { direct };

struct ConversationStarted {
    static constexpr EventType type{"conversation.started", 1};

    ConversationId conversation_id;
    ConversationKind kind = ConversationKind::direct;
    std::vector<UserId> member_ids;  // direct: two, the lower id first

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("conversation_id", self.conversation_id);
        field("kind", self.kind);
        field("member_ids", self.member_ids);
    }
    bool operator==(const ConversationStarted&) const = default;
};

struct MessageSent {
    static constexpr EventType type{"conversation.message-sent", 1};

    MessageId message_id;
    ConversationId conversation_id;
    std::int64_t sequence = 0;  // 1, 2, 3 ... within the conversation
    UserId sender_id;
    UserId receiver_id;
    std::string content;
    std::optional<GatheringId> event_id;
    std::optional<std::string>
        client_id;  // the sender's own name for it, so that a repeat is not a second message
    Timestamp sent_at;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("message_id", self.message_id);
        field("conversation_id", self.conversation_id);
        field("sequence", self.sequence);
        field("sender_id", self.sender_id);
        field("receiver_id", self.receiver_id);
        field("content", self.content, personal(self.sender_id));
        field("event_id", self.event_id);
        field("client_id", self.client_id);
        field("sent_at", self.sent_at);
    }
    bool operator==(const MessageSent&) const = default;
};

// A member has read everything up to this sequence. It never goes back by itself.
struct ReadMarkerMoved {
    static constexpr EventType type{"conversation.read-marker-moved", 1};

    ConversationId conversation_id;
    UserId user_id;
    std::int64_t up_to = 0;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("conversation_id", self.conversation_id);
        field("user_id", self.user_id);
        field("up_to", self.up_to);
    }
    bool operator==(const ReadMarkerMoved&) const = default;
};

using ConversationEvent = std::variant<ConversationStarted, MessageSent, ReadMarkerMoved>;

}  // namespace dacapo
