// GET /checkins and /checkins/user/{user_id}: where people are, and where somebody has been.
// Never from the cache: a check-in ends by the clock, without any event at that moment.
#include "api/resources.hpp"
#include "query/check_in_rows.hpp"
#include "query/read.hpp"
#include "query/routes.hpp"

namespace dacapo {
namespace {

namespace asio = boost::asio;

#define SELECT_CHECK_INS \
    "SELECT " DACAPO_CHECK_IN_COLUMNS " FROM check_ins c LEFT JOIN users u ON u.id = c.user_id "
#define NEWEST_FIRST " ORDER BY c.created_at DESC, c.id DESC LIMIT $3 OFFSET $4"
#define ARE_ACTIVE "c.active = 1 AND c.expires_at > $1 AND (c.event_id = $2 OR $2 IS NULL)"
#define ARE_OVER "(c.active = 0 OR c.expires_at <= $1) AND (c.event_id = $2 OR $2 IS NULL)"
constexpr std::string_view select_active = SELECT_CHECK_INS "WHERE " ARE_ACTIVE NEWEST_FIRST;
constexpr std::string_view select_over = SELECT_CHECK_INS "WHERE " ARE_OVER NEWEST_FIRST;
constexpr std::string_view select_of_user = SELECT_CHECK_INS "WHERE c.user_id = $2" NEWEST_FIRST;
constexpr std::string_view count_active = "SELECT count(*) FROM check_ins c WHERE " ARE_ACTIVE;
constexpr std::string_view count_over = "SELECT count(*) FROM check_ins c WHERE " ARE_OVER;
constexpr std::string_view count_of_user =
    "SELECT count(*) FROM check_ins c WHERE c.user_id = $2 AND $1 = $1";
#undef SELECT_CHECK_INS
#undef NEWEST_FIRST
#undef ARE_ACTIVE
#undef ARE_OVER

struct CheckInsAsked {
    std::string_view select;
    std::string_view count;
    std::optional<std::int64_t> id;  // of the event, or of the user
    api::Page page;
};

AnswerPtr read_list(sql::Session& session, const QueryContext& context, const http::Request& request,
                    const CheckInsAsked& asked) {
    ListWriter list(asked.page);
    const auto now = context.clock.now();
    const auto add = [&](const sql::Row& row) {
        api::CheckIn check_in;
        read_check_in(row, check_in);
        list.add(check_in);
    };
    std::optional<std::int64_t> total;
    session.consistently([&] {
        session.query(asked.select, now, asked.id, list.row_count_max(), asked.page.skip, add);
        if (asked.page.count) total = session.value<std::int64_t>(asked.count, now, asked.id);
    });
    return list.finish(context, request, total);
}

asio::awaitable<http::Response> answer(const QueryContext& context, http::Request& request,
                                       CheckInsAsked asked) {
    auto read = [&context, &request, asked](sql::Session& session) {
        return read_list(session, context, request, asked);
    };
    const auto list = co_await read_tables(context, std::move(read));
    co_return respond(*list, request);
}

asio::awaitable<http::Response> list_check_ins(const QueryContext& context, http::Request& request) {
    api::QueryReader query(request);
    const bool active = query.flag("active", true);
    const CheckInsAsked asked{active ? select_active : select_over, active ? count_active : count_over,
                              query.id("event_id"), query.page()};
    query.done();
    return answer(context, request, asked);
}

asio::awaitable<http::Response> list_of_user(const QueryContext& context, http::Request& request) {
    api::QueryReader query(request);
    const CheckInsAsked asked{select_of_user, count_of_user, request.ids.at(0), query.page()};
    query.done();
    return answer(context, request, asked);
}

}  // namespace

std::vector<http::Route> check_in_queries(const QueryContext& context) {
    const http::ResponseDoc page{200, "A page of check-ins.", api::list_schema_text<api::CheckIn>(), {}};

    auto list = [&context](http::Request& request) { return list_check_ins(context, request); };
    auto all = read_route(context, "/checkins", "listCheckIns", std::move(list));
    all.tag = "check-ins";
    all.summary = "Where people are, newest first";
    all.description =
        "Who is out tonight, everywhere or at one event. Only active check-ins are listed, unless `active` "
        "is false.";
    all.query.push_back(
        {"active", R"({"type":"boolean","default":true})", "False: those that are over instead."});
    all.query.push_back({"event_id", R"({"type":"integer","minimum":1})", "Only those at this event."});
    add_page_parameters(all);
    all.responses = {page};

    auto of_user = [&context](http::Request& request) { return list_of_user(context, request); };
    auto user = read_route(context, "/checkins/user/{user_id}", "listCheckInsOfUser", std::move(of_user));
    user.tag = "check-ins";
    user.summary = "One person's check-ins, newest first, with those that are over";
    user.description = "Where one person has been. For a user whom nobody knows, the list is empty.";
    add_page_parameters(user);
    user.responses = {page};
    return {std::move(all), std::move(user)};
}

}  // namespace dacapo
