// Sending direct messages and marking them read.
#include "api/body.hpp"
#include "api/resources.hpp"
#include "command/routes.hpp"

#include <boost/asio/use_awaitable.hpp>

namespace dacapo {
namespace {

namespace asio = boost::asio;

struct MessageBody {
    std::string content;
    std::optional<UserId> receiver_id;
    std::optional<GatheringId> event_id;
    std::optional<std::string> client_id;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("content", self.content,
              api::Text{message_characters_min, message_characters_max, Lines::many});
        field("receiver_id", self.receiver_id, api::Hint{"Who receives it."});
        field("event_id", self.event_id, api::Hint{"The event it is about."});
        field("client_id", self.client_id, api::Text{client_id_bytes_min, client_id_bytes_max},
              api::Hint{"Your own name for it: sent again under the same one, it stays one message."});
    }
};

api::Message message_of(const MessageSent& sent) {
    api::Message message;
    message.id = sent.message_id;
    message.content = sent.content;
    message.created_at = sent.sent_at;
    message.sender_id = sent.sender_id;
    message.receiver_id = sent.receiver_id;
    message.conversation_id = sent.conversation_id;
    message.event_id = sent.event_id;
    message.client_id = sent.client_id;
    return message;
}

http::Response message_response(const api::Message& message) {
    http::Response response;
    response.body = api::to_json(message);
    return response;
}

asio::awaitable<void> check_receivers(Shards& shards, UserId receiver, std::optional<GatheringId> event) {
    const bool receiver_exists = co_await shards.user_exists(receiver);
    if (!receiver_exists) throw http::Problem(404, "receiver_not_found", "There is no such receiver.");
    if (!event) co_return;
    const bool event_exists = co_await shards.gathering_exists(*event);
    if (!event_exists) throw http::Problem(404, "event_not_found", "There is no such event.");
}

asio::awaitable<http::Response> send(CommandHandling& commands, http::Request& request) {
    const auto body = api::read_body<MessageBody>(request);
    if (!body.receiver_id)
        api::throw_invalid({{"/receiver_id", "required", "Name who receives the message."}});
    const auto sender = request.principal->user_id;
    const auto receiver = *body.receiver_id;
    auto& shard = commands.shards().of_pair(sender, receiver);
    co_await check_receivers(commands.shards(), receiver, body.event_id);
    std::optional<MessageId> first_id;  // of the message that this client id already names
    Decide decide = [&](const ShardState& state, const Context& by) -> Verdict {
        const auto found = state.direct_conversations.find(MemberPair::of(sender, receiver));
        const bool started = found != state.direct_conversations.end();
        const auto id = started ? found->second : state.next_conversation();
        static const Conversation::State none;
        const auto& conversation = started ? state.conversation(id)->state : none;
        if (body.client_id) first_id = Conversation::message_with(conversation, sender, *body.client_id);
        return verdict_of<Conversation>(
            Conversation::decide(Conversation::Send{id, state.next_message(), sender, receiver, body.content,
                                                    body.event_id, body.client_id},
                                 conversation, by),
            {StreamKind::conversation, id.value});
    };
    LogEntryPtr first;
    CommandHandling::Work work = [&](CommandOrigin origin) -> asio::awaitable<Receipt> {
        auto submitted = shard.submit(std::move(origin), decide);
        auto receipt = co_await std::move(submitted);
        if (receipt.entry || !first_id) co_return receipt;
        // Decided on a record that may not have been durable then. It is now, and so has a position.
        const auto position =
            shard.peek([&](const ShardState& state) { return state.message(*first_id)->position; });
        first = co_await commands.read_record(receipt.shard, position);
        co_return receipt;
    };
    MakeAnswer answer = [&](const LogEntry* entry) {
        const auto* sent = find_event<MessageSent, ConversationEvent>(entry ? entry : first.get());
        if (!sent) throw std::logic_error("the record of a message does not hold it");
        auto response = message_response(message_of(*sent));
        return response;
    };
    co_return co_await commands.run_work(request, std::move(work), std::move(answer));
}

asio::awaitable<http::Response> mark_read(CommandHandling& commands, http::Request& request) {
    const MessageId id{request.ids.at(0)};
    const auto reader = request.principal->user_id;
    auto& shard = commands.shards().of_id(id.value);
    const auto place = shard.peek([&](const ShardState& state) {
        const auto* found = state.message(id);
        return found ? *found : MessagePlace{};
    });
    if (place.position == 0) throw not_found("message");
    const auto record = co_await commands.read_record(shard.index(), place.position);
    const auto* sent = find_event<MessageSent, ConversationEvent>(record.get());
    if (!sent || sent->receiver_id != reader) throw not_found("message");
    Decide decide = [&](const ShardState& state, const Context& by) -> Verdict {
        const auto* conversation = state.conversation(place.conversation_id);
        return verdict_of<Conversation>(
            Conversation::decide(Conversation::MarkRead{reader, place.sequence, sent->sender_id},
                                 conversation->state, by),
            {StreamKind::conversation, place.conversation_id.value});
    };
    MakeAnswer answer = [&](const LogEntry*) {
        auto message = message_of(*sent);
        message.is_read = true;
        message.read_count = 1;
        return message_response(message);
    };
    co_return co_await commands.run(request, shard, std::move(decide), std::move(answer));
}

}  // namespace

std::vector<http::Route> message_routes(CommandHandling& commands) {
    std::vector<http::Route> routes;
    http::Route route;
    route.method = http::Method::post;
    route.pattern = "/messages";
    route.operation_id = "sendMessage";
    route.tag = "messages";
    route.summary = "Send a message";
    route.description =
        "Finds or opens the direct conversation with the receiver, who hears of it at once on an open feed. "
        "`event_id` "
        "says which event it is about. With a `client_id` a retry stays one message.";
    route.access = http::Access::user;
    route.command = true;
    route.body_schema = api::body_schema<MessageBody>();
    route.body_example = R"({"content": "Bonjour !", "receiver_id": 2})";
    route.responses = with_common_problems(
        {{200, "The message.", api::schema_text<api::Message>(), {}},
         {404, "There is no such receiver or event.", "", {"receiver_not_found", "event_not_found"}}});
    route.handler = [&commands](http::Request& request) { return send(commands, request); };
    routes.push_back(route);

    route.method = http::Method::put;
    route.pattern = "/messages/{message_id}/read";
    route.operation_id = "readMessage";
    route.summary = "Mark a message as read";
    route.description =
        "And with it all that came before it in its conversation. Only for its receiver; to anybody else it "
        "does not "
        "exist. Doing it twice is no error.";
    route.body_schema.clear();
    route.body_example.clear();
    route.responses = with_common_problems({{200, "The message.", api::schema_text<api::Message>(), {}},
                                            {404, "There is no such message for you.", "", {"not_found"}}});
    route.handler = [&commands](http::Request& request) { return mark_read(commands, request); };
    routes.push_back(std::move(route));
    return routes;
}

}  // namespace dacapo
