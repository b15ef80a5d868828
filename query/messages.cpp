// GET /messages/received and /messages/sent: the viewer's own messages, newest first.
#include "api/resources.hpp"
#include "query/read.hpp"
#include "query/routes.hpp"

namespace dacapo {
namespace {

namespace asio = boost::asio;

#define SELECT_MESSAGES                                                                                 \
    "SELECT m.id, m.content, m.created_at, m.sender_id, m.receiver_id, m.conversation_id, m.event_id, " \
    "m.client_id, m.sequence <= coalesce(r.up_to, 0) FROM messages m "                                  \
    "LEFT JOIN read_markers r ON r.conversation_id = m.conversation_id AND r.user_id = m.receiver_id "
// Newest first; the id breaks ties between messages of one millisecond. What comes after a cursor is older.
#define NEWEST_FIRST " ORDER BY m.created_at DESC, m.id DESC LIMIT $2"
#define AFTER " AND (m.created_at, m.id) < ($3, $4)" NEWEST_FIRST
#define BEFORE " AND (m.created_at, m.id) > ($3, $4) ORDER BY m.created_at, m.id LIMIT $2"
struct BoxStatements {
    std::string_view page;
    std::string_view after;
    std::string_view before;
    std::string_view total;
};
constexpr BoxStatements of_received{
    .page = SELECT_MESSAGES "WHERE m.receiver_id = $1" NEWEST_FIRST " OFFSET $3",
    .after = SELECT_MESSAGES "WHERE m.receiver_id = $1" AFTER,
    .before = SELECT_MESSAGES "WHERE m.receiver_id = $1" BEFORE,
    .total = "SELECT count(*) FROM messages WHERE receiver_id = $1"};
constexpr BoxStatements of_sent{.page = SELECT_MESSAGES "WHERE m.sender_id = $1" NEWEST_FIRST " OFFSET $3",
                                .after = SELECT_MESSAGES "WHERE m.sender_id = $1" AFTER,
                                .before = SELECT_MESSAGES "WHERE m.sender_id = $1" BEFORE,
                                .total = "SELECT count(*) FROM messages WHERE sender_id = $1"};
#undef SELECT_MESSAGES
#undef NEWEST_FIRST
#undef AFTER
#undef BEFORE

enum class Box { received, sent };

void read_message(const sql::Row& row, api::Message& message) {
    row.read(0, message.id);
    row.read(1, message.content);
    row.read(2, message.created_at);
    row.read(3, message.sender_id);
    row.read(4, message.receiver_id);
    row.read(5, message.conversation_id);
    row.read(6, message.event_id);
    row.read(7, message.client_id);
    row.read(8, message.is_read);
    message.read_count = message.is_read ? 1 : 0;  // A direct message has one reader besides its sender.
}

AnswerPtr read_list(sql::Session& session, const QueryContext& context, const http::Request& request, Box box,
                    UserId viewer, const api::Page& page) {
    ListWriter list(page);
    const auto add = [&](const sql::Row& row) {
        api::Message message;
        read_message(row, message);
        list.add(message, {message.created_at.time_since_epoch().count(), message.id.value});
    };
    const auto& sql = box == Box::received ? of_received : of_sent;
    const auto read = [&] {
        if (const auto* cursor = page.cursor())
            session.query(cursor->side == api::Side::after ? sql.after : sql.before, viewer,
                          list.row_count_max(), cursor->place.value, cursor->place.id, add);
        else
            session.query(sql.page, viewer, list.row_count_max(), page.skip, add);
    };
    std::optional<std::int64_t> total;
    if (!page.count) {
        read();
    } else {
        session.consistently([&] {
            read();
            total = session.value<std::int64_t>(sql.total, viewer);
        });
    }
    return list.finish(context, request, total);
}

asio::awaitable<http::Response> list_messages(const QueryContext& context, http::Request& request, Box box) {
    const auto viewer = request.principal.value().user_id;
    auto key = api::question_of(request).append("#").append(std::to_string(viewer.value));
    if (const auto hit = context.caches.here().find(key)) co_return respond(*hit, request);

    api::QueryReader query(request);
    const auto page = query.page(context.cursors, request.path + "#" + std::to_string(viewer.value));
    query.done();
    auto read = [&context, &request, box, viewer, page](sql::Session& session) {
        return read_list(session, context, request, box, viewer, page);
    };
    std::vector<Tag> tags{{TagKind::messages, viewer.value}};
    // What one sent shows whether others have read it.
    if (box == Box::sent) tags.push_back({TagKind::read_markers});
    const auto answer = co_await fill(context, std::move(key), std::move(tags), std::move(read));
    co_return respond(*answer, request);
}

http::Route box_route(const QueryContext& context, Box box) {
    const bool received = box == Box::received;
    auto list = [&context, box](http::Request& request) { return list_messages(context, request, box); };
    auto route = read_route(context, received ? "/messages/received" : "/messages/sent",
                            received ? "listMessagesReceived" : "listMessagesSent", std::move(list));
    route.tag = "messages";
    route.summary =
        received ? "Messages to the viewer, newest first" : "Messages of the viewer, newest first";
    route.description = received
                            ? "The inbox of the connected user. Mark one as read with PUT "
                              "/messages/{message_id}/read; what comes "
                              "in later is pushed to open feeds, so that nobody has to ask again and again."
                            : "What the connected user has written; `is_read` says whether it has been read.";
    route.access = http::Access::user;
    route.responses = {{200, "A page of messages.", api::list_schema_text<api::Message>(), {}}};
    add_page_and_cursor_parameters(route);
    return route;
}

}  // namespace

std::vector<http::Route> message_queries(const QueryContext& context) {
    return {box_route(context, Box::received), box_route(context, Box::sent)};
}

}  // namespace dacapo
