#include "query/feed_frames.hpp"

#include "api/position_token.hpp"
#include "api/resources.hpp"

namespace dacapo {

std::string position_text(const std::string& epoch, const Frontier& shown) {
    return api::to_text(api::token_of(epoch, shown));
}

http::Frame new_message_frame(const MessageSent& sent, std::string_view position) {
    api::Message message;
    message.id = sent.message_id;
    message.content = sent.content;
    message.created_at = sent.sent_at;
    message.sender_id = sent.sender_id;
    message.receiver_id = sent.receiver_id;
    message.conversation_id = sent.conversation_id;
    message.event_id = sent.event_id;
    message.client_id = sent.client_id;

    std::string text;
    JsonWriter out(text);
    out.begin_object();
    out.member("type", "new_message");
    out.key("message");
    api::write(out, message);
    out.member("position", position);
    out.end_object();
    return http::text_frame(text);
}

http::Frame list_frame(ListKind kind, std::string_view data, std::string_view position) {
    std::string text;
    text.reserve(data.size() + position.size() + 64);
    JsonWriter out(text);
    out.begin_object();
    out.member("type", name_of(kind));
    out.key("data");
    out.raw(data);
    out.member("position", position);
    out.end_object();
    return http::text_frame(text);
}

http::Frame initial_frame(const InitialParts& parts, std::string_view position) {
    std::string text;
    text.reserve((parts.check_ins ? parts.check_ins->size() : 0) + (parts.events ? parts.events->size() : 0) +
                 position.size() + 96);
    JsonWriter out(text);
    out.begin_object();
    out.member("type", "initial");
    if (parts.check_ins) {
        out.key("checkIns");
        out.raw(*parts.check_ins);
    }
    if (parts.events) {
        out.key("events");
        out.raw(*parts.events);
    }
    if (parts.unread) out.member("unread", *parts.unread);
    if (parts.recovered) out.member("recovered", *parts.recovered);
    out.member("position", position);
    out.end_object();
    return http::text_frame(text);
}

}  // namespace dacapo
