#include "domain/conversation.hpp"

#include <algorithm>
#include <stdexcept>

namespace dacapo {

namespace {

using Events = std::vector<ConversationEvent>;
using State = Conversation::State;
using enum Conversation::Refusal;

std::int64_t& read_up_to(State& state, UserId member) {
    return member == state.first_member ? state.first_read_up_to : state.second_read_up_to;
}
std::int64_t read_up_to(const State& state, UserId member) {
    return member == state.first_member ? state.first_read_up_to : state.second_read_up_to;
}

Conversation::Decision send(const Conversation::Send& command, const State& state, const Context& by) {
    if (command.sender == command.receiver) return to_self;
    const bool is_started = static_cast<bool>(state.conversation_id);
    if (is_started &&
        !(Conversation::is_member(state, command.sender) && Conversation::is_member(state, command.receiver)))
        return not_a_member;
    if (!Conversation::faults(command).empty()) return content_invalid;
    if (command.client_id && Conversation::message_with(state, command.sender, *command.client_id))
        return Events{};

    Events events;
    const auto conversation_id = is_started ? state.conversation_id : command.opens_as;
    if (!is_started) {
        const auto [lower, higher] = std::minmax(command.sender, command.receiver);
        events.emplace_back(ConversationStarted{conversation_id, ConversationKind::direct, {lower, higher}});
    }
    // Who answers has read what came before. Recorded, so that tables need not know the rule.
    if (Conversation::unread_count(state, command.sender) > 0)
        events.emplace_back(ReadMarkerMoved{conversation_id, command.sender, state.last_sequence});
    events.emplace_back(MessageSent{command.message_id, conversation_id, state.last_sequence + 1,
                                    command.sender, command.receiver, command.content, command.event_id,
                                    command.client_id, by.now});
    return events;
}

Conversation::Decision mark_read(const Conversation::MarkRead& command, const State& state) {
    if (!Conversation::is_member(state, command.reader)) return not_a_member;
    if (command.up_to < 1 || command.up_to > state.last_sequence) return unknown_message;
    // Whoever wrote a message is not its receiver: to mark it they see none.
    if (command.written_by == command.reader) return unknown_message;
    if (command.up_to <= read_up_to(state, command.reader)) return Events{};
    return Events{ReadMarkerMoved{state.conversation_id, command.reader, command.up_to}};
}

void remember(State& state, const MessageSent& sent) {
    if (!sent.client_id) return;
    if (state.recent.size() == client_ids_remembered_max) state.recent.erase(state.recent.begin());
    state.recent.push_back({sent.sender_id, *sent.client_id, sent.message_id});
}

void require(bool condition, const char* what) {
    if (!condition) throw std::logic_error(what);
}

}  // namespace

FieldFaults Conversation::faults(const Send& command) {
    FieldFaults found;
    check_length(found, "content", command.content, message_characters_min, message_characters_max);
    if (command.client_id) {
        if (command.client_id->size() < client_id_bytes_min) found.push_back({"client_id", "too_short"});
        if (command.client_id->size() > client_id_bytes_max) found.push_back({"client_id", "too_long"});
    }
    return found;
}

bool Conversation::is_member(const State& state, UserId user) {
    return user && (user == state.first_member || user == state.second_member);
}

std::optional<MessageId> Conversation::message_with(const State& state, UserId sender,
                                                    std::string_view client_id) {
    const auto is_it = [&](const Sent& sent) { return sent.sender == sender && sent.client_id == client_id; };
    const auto found = std::find_if(state.recent.begin(), state.recent.end(), is_it);
    if (found == state.recent.end()) return std::nullopt;
    return found->message_id;
}

std::int64_t Conversation::unread_count(const State& state, UserId member) {
    // Sending moves the sender's marker, so whatever lies beyond it is the other's.
    return is_member(state, member) ? state.last_sequence - read_up_to(state, member) : 0;
}

Conversation::Decision Conversation::decide(const Command& command, const State& state, const Context& by) {
    return std::visit(overloaded{
                          [&](const Send& c) { return send(c, state, by); },
                          [&](const MarkRead& c) { return mark_read(c, state); },
                      },
                      command);
}

void Conversation::evolve(State& state, const Event& event) {
    std::visit(overloaded{
                   [&](const ConversationStarted& e) {
                       require(!state.conversation_id, "a conversation was started twice");
                       require(e.member_ids.size() == 2, "a direct conversation has two members");
                       state.conversation_id = e.conversation_id;
                       state.first_member = e.member_ids[0];
                       state.second_member = e.member_ids[1];
                   },
                   [&](const MessageSent& e) {
                       require(is_member(state, e.sender_id) && e.sequence == state.last_sequence + 1,
                               "a message was sent out of turn");
                       state.last_sequence = e.sequence;
                       read_up_to(state, e.sender_id) = e.sequence;
                       remember(state, e);
                   },
                   [&](const ReadMarkerMoved& e) {
                       require(is_member(state, e.user_id) && e.up_to <= state.last_sequence,
                               "a marker moved where no message is");
                       read_up_to(state, e.user_id) = e.up_to;
                   },
               },
               event);
}

}  // namespace dacapo
