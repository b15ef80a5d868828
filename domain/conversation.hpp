// A direct conversation: two members for ever, messages numbered 1, 2, 3 ..., and how far each has read.
// Its state is kept small, for there may be a million of them: it knows no texts and only the newest client
// ids.
#pragma once

#include "domain/decision.hpp"
#include "domain/field_faults.hpp"
#include "events/conversation_events.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace dacapo {

inline constexpr std::size_t message_characters_min = 1;
inline constexpr std::size_t message_characters_max = 4000;
inline constexpr std::size_t client_id_bytes_min = 1;
inline constexpr std::size_t client_id_bytes_max = 64;
// How many of the newest messages that carry a client id are remembered, per conversation.
inline constexpr std::size_t client_ids_remembered_max = 32;

struct Conversation {
    using Event = ConversationEvent;

    struct Send {
        ConversationId opens_as;  // the id that the conversation gets if this is its first message
        MessageId message_id;
        UserId sender;
        UserId receiver;
        std::string content;
        std::optional<GatheringId> event_id;
        std::optional<std::string> client_id;
    };
    struct MarkRead {
        UserId reader;
        std::int64_t up_to = 0;
        UserId written_by;  // of the message at `up_to`, when one message is marked: only its receiver may
    };
    using Command = std::variant<Send, MarkRead>;

    struct Sent {
        UserId sender;
        std::string client_id;
        MessageId message_id;

        template <class Self, class Field>
        static void fields(Self& self, Field&& field) {
            field("sender", self.sender);
            field("client_id", self.client_id);
            field("message_id", self.message_id);
        }
        bool operator==(const Sent&) const = default;
    };
    struct State {
        ConversationId conversation_id;  // none: not started
        UserId first_member;             // the lower id
        UserId second_member;
        std::int64_t last_sequence = 0;
        std::int64_t first_read_up_to = 0;
        std::int64_t second_read_up_to = 0;
        std::vector<Sent> recent;  // oldest first; only messages with a client id

        template <class Self, class Field>
        static void fields(Self& self, Field&& field) {
            field("conversation_id", self.conversation_id);
            field("first_member", self.first_member);
            field("second_member", self.second_member);
            field("last_sequence", self.last_sequence);
            field("first_read_up_to", self.first_read_up_to);
            field("second_read_up_to", self.second_read_up_to);
            field("recent", self.recent);
        }
        bool operator==(const State&) const = default;
    };
    static constexpr int evolve_version = 1;

    enum class Refusal {
        to_self,
        not_a_member,     // also of a conversation that is not started: who is not in it sees none
        content_invalid,  // length, or the client id's: faults() has them all
        unknown_message,
    };
    using Decision = dacapo::Decision<Event, Refusal>;

    static Decision decide(const Command& command, const State& state, const Context& by);
    // Throws std::logic_error on a history that cannot be.
    static void evolve(State& state, const Event& event);

    static FieldFaults faults(const Send& command);
    static bool is_member(const State& state, UserId user);
    // The message that this sender already sent under this client id, as far back as is remembered.
    static std::optional<MessageId> message_with(const State& state, UserId sender,
                                                 std::string_view client_id);
    // Messages of the other member that this one has not read. Zero for anybody else.
    static std::int64_t unread_count(const State& state, UserId member);
};

}  // namespace dacapo
