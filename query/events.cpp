// GET /events/{event_id}: the text that all viewers share comes from the cache, and `my_status` is added to
// it. The list is in event_list.cpp.
#include "infra/http/problem.hpp"
#include "query/event_list.hpp"
#include "query/event_rows.hpp"
#include "query/read.hpp"
#include "query/routes.hpp"

#include <fmt/format.h>

namespace dacapo {
namespace {

namespace asio = boost::asio;

const std::string select_event = fmt::format("SELECT {} FROM events e WHERE e.id = $1", event_columns);
constexpr std::string_view select_place =
    "SELECT status FROM participants WHERE event_id = $1 AND user_id = $2";

// The entity tag begins with the version of the details, so that `If-Match` on a change can go by that alone:
// a host's edit does not fail because people join. Commands read it (command/event_answer.cpp).
AnswerPtr tagged(const AnswerPtr& answer, std::string_view version) {
    Answer copy = *answer;
    copy.etag = fmt::format("\"{}-{}", version, std::string_view(answer->etag).substr(1));
    for (auto& [name, value] : copy.headers)
        if (name == "ETag") value = copy.etag;
    return std::make_shared<const Answer>(std::move(copy));
}

AnswerPtr read_one(sql::Session& session, std::int64_t id) {
    api::Event event;
    const auto found = session.query(select_event, id, [&](const sql::Row& row) { read_event(row, event); });
    if (!found) throw http::Problem(404, "not_found", "There is no such event.");
    return tagged(make_answer(api::to_json(event)), fmt::format("v{}", event.version));
}

// An answer of its own kind: the viewer's status as text, or nothing.
AnswerPtr read_place(sql::Session& session, std::int64_t event_id, UserId viewer) {
    return make_answer(session.value<std::string>(select_place, event_id, viewer).value_or(""));
}

// The shared text ends with `"my_status":null}`.
AnswerPtr with_status(const Answer& shared, const std::string& status) {
    constexpr std::string_view ending = "null}";
    std::string body;
    body.reserve(shared.body->size() + status.size());
    body.append(*shared.body, 0, shared.body->size() - ending.size());
    body.append("\"").append(status).append("\"}");
    const auto version = std::string_view(shared.etag).substr(1, shared.etag.find('-') - 1);
    return tagged(make_answer(std::move(body)), version);
}

asio::awaitable<AnswerPtr> shared_event(const QueryContext& context, std::int64_t id) {
    auto key = "event/" + std::to_string(id);
    if (auto hit = context.caches.here().find(key)) co_return hit;
    auto read = [id](sql::Session& session) { return read_one(session, id); };
    std::vector<Tag> tags{{TagKind::event, id}};
    co_return co_await fill(context, std::move(key), std::move(tags), std::move(read));
}

asio::awaitable<AnswerPtr> place_of(const QueryContext& context, std::int64_t event_id, UserId viewer) {
    auto key = fmt::format("place/{}/{}", event_id, viewer.value);
    if (auto hit = context.caches.here().find(key)) co_return hit;
    auto read = [event_id, viewer](sql::Session& session) { return read_place(session, event_id, viewer); };
    std::vector<Tag> tags{{TagKind::event, event_id}};
    co_return co_await fill(context, std::move(key), std::move(tags), std::move(read));
}

asio::awaitable<http::Response> get_event(const QueryContext& context, http::Request& request) {
    const auto id = request.ids.at(0);
    const auto shared = co_await shared_event(context, id);
    if (!request.principal) co_return respond(*shared, request);
    const auto place = co_await place_of(context, id, request.principal->user_id);
    if (place->body->empty()) co_return respond(*shared, request);
    const auto own = with_status(*shared, *place->body);
    co_return respond(*own, request);
}

}  // namespace

std::vector<http::Route> event_queries(const QueryContext& context) {
    auto get = [&context](http::Request& request) { return get_event(context, request); };
    auto event = read_route(context, "/events/{event_id}", "getEvent", std::move(get));
    event.tag = "events";
    event.summary = "One event";
    event.description =
        "All details, for a page about the event. Its `ETag` goes into `If-Match` of a change, so that "
        "nobody's "
        "change is overwritten unseen. With a token, `my_status` says whether the viewer is in.";
    event.access = http::Access::optional;
    event.responses = {
        {200, "The event; with a token, my_status is the viewer's own.", api::schema_text<api::Event>(), {}},
        {404, "No such event.", "", {"not_found"}}};
    return {event_list_route(context), std::move(event)};
}

}  // namespace dacapo
