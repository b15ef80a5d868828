// GET /auth/sessions: where the connected user is logged in. Never from the cache: each viewer has their own,
// and sessions end by the clock as well.
#include "api/resources.hpp"
#include "query/read.hpp"
#include "query/routes.hpp"

namespace dacapo {
namespace {

namespace asio = boost::asio;

constexpr std::string_view select_sessions =
    "SELECT id, created_at, refreshed_at FROM sessions WHERE user_id = $1 AND refreshed_at > $2 AND "
    "created_at > $3 ORDER BY id DESC LIMIT $4 OFFSET $5";
constexpr std::string_view count_sessions =
    "SELECT count(*) FROM sessions WHERE user_id = $1 AND refreshed_at > $2 AND created_at > $3";

AnswerPtr read_list(sql::Session& session, const QueryContext& context, const http::Request& request,
                    const api::Page& page) {
    ListWriter list(page);
    const auto& viewer = request.principal.value();
    const auto lifetime = context.settings.session_lifetime;
    const auto age_max = context.settings.session_age_max;
    const Timestamp refreshed_after = context.clock.now() - lifetime;
    const Timestamp created_after = context.clock.now() - age_max;
    const auto add = [&](const sql::Row& row) {
        api::Session shown;
        row.read(0, shown.id);
        row.read(1, shown.created_at);
        row.read(2, shown.refreshed_at);
        shown.expires_at = std::min(shown.refreshed_at + lifetime, shown.created_at + age_max);
        shown.current = shown.id == viewer.session_id;
        list.add(shown);
    };
    std::optional<std::int64_t> total;
    session.consistently([&] {
        session.query(select_sessions, viewer.user_id, refreshed_after, created_after, list.row_count_max(),
                      page.skip, add);
        if (page.count)
            total =
                session.value<std::int64_t>(count_sessions, viewer.user_id, refreshed_after, created_after);
    });
    return list.finish(context, request, total);
}

asio::awaitable<http::Response> list_sessions(const QueryContext& context, http::Request& request) {
    api::QueryReader query(request);
    const auto page = query.page();
    query.done();
    auto read = [&context, &request, page](sql::Session& session) {
        return read_list(session, context, request, page);
    };
    const auto list = co_await read_tables(context, std::move(read));
    co_return respond(*list, request);
}

}  // namespace

std::vector<http::Route> session_queries(const QueryContext& context) {
    auto list = [&context](http::Request& request) { return list_sessions(context, request); };
    auto sessions = read_route(context, "/auth/sessions", "listSessions", std::move(list));
    sessions.tag = "accounts";
    sessions.summary = "The connected user's sessions, newest first";
    sessions.description =
        "Each log-in is a session. Look here for one that you do not know, and end it with DELETE; `current` "
        "marks "
        "the session of the token that asks.";
    sessions.access = http::Access::user;
    add_page_parameters(sessions);
    sessions.responses = {{200, "A page of sessions.", api::list_schema_text<api::Session>(), {}}};
    return {std::move(sessions)};
}

}  // namespace dacapo
