#include "query/event_list.hpp"

#include "infra/http/bearer.hpp"
#include "infra/text.hpp"
#include "query/event_rows.hpp"
#include "query/read.hpp"

#include <fmt/format.h>
#include <array>
#include <limits>

namespace dacapo {
namespace {

namespace asio = boost::asio;

// Parameters of both statements: $1 viewer, $2 status, $3 from, $4 to, $5 kind, $6 search, $7 organizer.
// An organizer has few events and a person takes part in few, so these narrow first: `+` keeps SQLite from
// walking all published events in their order instead. PostgreSQL counts, and wants each parameter's type
// where it is first met.
enum class Source { all, of_organizer, mine };
constexpr std::array<sql::PerDialect, 3> sources{{
    {.sqlite = "e.status = $2 AND e.starts_at >= $3 AND e.starts_at < $4 AND $7 IS NULL",
     .postgresql = "e.status = $2 AND e.starts_at >= $3 AND e.starts_at < $4 AND $7::bigint IS NULL"},
    {.sqlite = "e.organizer_id = $7 AND +e.status = $2 AND +e.starts_at >= $3 AND +e.starts_at < $4",
     .postgresql = "e.organizer_id = $7 AND e.status = $2 AND e.starts_at >= $3 AND e.starts_at < $4"},
    {.sqlite = "e.id IN (SELECT event_id FROM participants WHERE user_id = $1 UNION "
               "SELECT id FROM events WHERE organizer_id = $1) "
               "AND +e.status = $2 AND +e.starts_at >= $3 AND +e.starts_at < $4 "
               "AND ($7 IS NULL OR +e.organizer_id = $7)",
     .postgresql = "e.id IN (SELECT event_id FROM participants WHERE user_id = $1 UNION "
                   "SELECT id FROM events WHERE organizer_id = $1) "
                   "AND e.status = $2 AND e.starts_at >= $3 AND e.starts_at < $4 "
                   "AND (e.organizer_id = $7 OR $7 IS NULL)"},
}};
constexpr sql::PerDialect also{
    .sqlite = " AND ($5 IS NULL OR e.kind = $5) AND ($6 IS NULL OR instr(e.search_text, $6) > 0)",
    .postgresql = " AND (e.kind = $5 OR $5 IS NULL) AND (strpos(e.search_text, $6) > 0 OR $6 IS NULL)"};

constexpr std::array<std::string_view, 4> sort_names{"starts_at", "-starts_at", "created_at", "-created_at"};
struct Order {
    std::string_view column;
    bool descending = false;
};
constexpr std::array<Order, 4> orders{
    {{"starts_at"}, {"starts_at", true}, {"created_at"}, {"created_at", true}}};
// By skip, or on one side of a cursor.
constexpr std::size_t by_skip = 0, after_cursor = 1, before_cursor = 2;

// A list for nobody in particular saves a look-up a row.
constexpr std::string_view without_viewer = "NULL FROM events e";
constexpr std::string_view with_viewer =
    "me.status FROM events e LEFT JOIN participants me ON me.event_id = e.id AND me.user_id = $1";

struct Statements {
    std::array<std::string, 3> page;
    std::array<std::string, 3> page_of_viewer;
    std::string total;
};

// What stands behind the conditions. $8 is the limit, $9 how many to leave out or a cursor's value, $10 its
// id.
std::string rest_of_page(const Order& order, std::size_t kind) {
    const bool descending = order.descending != (kind == before_cursor);
    const std::string_view direction = descending ? " DESC" : "";
    const auto ordered = fmt::format(" ORDER BY e.{}{}, e.id{} LIMIT $8", order.column, direction, direction);
    if (kind == by_skip) return ordered + " OFFSET $9";
    return fmt::format(" AND (e.{}, e.id) {} ($9, $10)", order.column, descending ? '<' : '>') + ordered;
}

using AllStatements = std::array<std::array<Statements, orders.size()>, sources.size()>;

AllStatements statements_in(sql::Dialect dialect) {
    AllStatements made;
    for (std::size_t s = 0; s < sources.size(); ++s)
        for (std::size_t o = 0; o < orders.size(); ++o) {
            const auto where = fmt::format("{}{}", sources[s].in(dialect), also.in(dialect));
            auto& statements = made[s][o];
            for (const auto kind : {by_skip, after_cursor, before_cursor}) {
                const auto page = [&](std::string_view from) {
                    return fmt::format("SELECT {}, {} WHERE {}{}", event_columns, from, where,
                                       rest_of_page(orders[o], kind));
                };
                statements.page[kind] = page(without_viewer);
                statements.page_of_viewer[kind] = page(with_viewer);
            }
            statements.total = fmt::format("SELECT count(*) FROM events e WHERE {}", where);
        }
    return made;
}

const Statements& statements_of(sql::Dialect dialect, Source source, std::size_t order) {
    static const auto of_sqlite = statements_in(sql::Dialect::sqlite);
    static const auto of_postgresql = statements_in(sql::Dialect::postgresql);
    const auto& all = dialect == sql::Dialect::sqlite ? of_sqlite : of_postgresql;
    return all[static_cast<std::size_t>(source)][order];
}

struct EventsAsked {
    api::Page page;
    UserId viewer;  // none: nobody's my_status
    api::EventStatus status = api::EventStatus::published;
    std::int64_t from = std::numeric_limits<std::int64_t>::min();  // epoch milliseconds
    std::int64_t to = std::numeric_limits<std::int64_t>::max();
    std::optional<GatheringKind> kind;
    std::optional<std::string> search;  // folded
    std::optional<std::int64_t> organizer;
    Source source = Source::all;
    std::size_t order = 0;

    // The filters and the order, for cursors. The viewer matters where the list is the viewer's own.
    std::string question() const {
        return fmt::format("/events?{}/{}/{}/{}/{}/{}/{}/{}/{}", static_cast<int>(status), from, to,
                           kind ? static_cast<int>(*kind) : -1, organizer.value_or(0),
                           static_cast<int>(source), source == Source::mine ? viewer.value : 0, order,
                           search.value_or(""));
    }
};

EventsAsked events_asked(const QueryContext& context, const http::Request& request) {
    EventsAsked asked;
    api::QueryReader query(request);
    const auto& zone = context.settings.default_timezone;
    asked.status = query.choice<api::EventStatus>("status").value_or(api::EventStatus::published);
    if (const auto from = query.time("from", zone)) asked.from = from->time_since_epoch().count();
    if (const auto to = query.time("to", zone)) asked.to = to->time_since_epoch().count();
    asked.kind = query.choice<GatheringKind>("type");
    if (const auto text = query.text("q", api::search_code_points_max)) asked.search = fold(*text);
    asked.organizer = query.id("organizer");
    const bool mine = query.flag("mine", false);
    asked.order = query.choice("sort", sort_names).value_or(0);
    if (request.principal) asked.viewer = request.principal->user_id;
    if (asked.organizer) asked.source = Source::of_organizer;
    if (mine) asked.source = Source::mine;
    asked.page = query.page(context.cursors, asked.question());
    query.done();

    if (mine && !request.principal)
        throw http::token_missing("A token tells whose events mine=true asks for.");
    return asked;
}

AnswerPtr read_list(sql::Session& session, const QueryContext& context, const http::Request& request,
                    const EventsAsked& asked) {
    ListWriter list(asked.page);
    const auto add = [&](const sql::Row& row) {
        api::Event event;
        read_event(row, event);
        row.read(event_column_count, event.my_status);
        const auto sorted_by = orders[asked.order].column == "starts_at" ? event.starts_at : event.created_at;
        list.add(event, {sorted_by.time_since_epoch().count(), event.id.value});
    };
    const auto& sql = statements_of(session.dialect(), asked.source, asked.order);
    const auto& pages = asked.viewer ? sql.page_of_viewer : sql.page;
    const auto query = [&](std::string_view page, auto... place) {
        session.query(page, asked.viewer, asked.status, asked.from, asked.to, asked.kind, asked.search,
                      asked.organizer, list.row_count_max(), place..., add);
    };
    const auto read = [&] {
        if (const auto* cursor = asked.page.cursor())
            query(pages[cursor->side == api::Side::after ? after_cursor : before_cursor], cursor->place.value,
                  cursor->place.id);
        else
            query(pages[by_skip], asked.page.skip);
    };
    std::optional<std::int64_t> total;
    if (!asked.page.count) {
        read();
    } else {
        session.consistently([&] {
            read();
            total = session.value<std::int64_t>(sql.total, asked.viewer, asked.status, asked.from, asked.to,
                                                asked.kind, asked.search, asked.organizer);
        });
    }
    return list.finish(context, request, total);
}

asio::awaitable<http::Response> list_events(const QueryContext& context, http::Request& request) {
    auto key = api::question_of(request);
    if (request.principal) key.append("#").append(std::to_string(request.principal->user_id.value));
    if (const auto hit = context.caches.here().find(key)) co_return respond(*hit, request);

    auto read = [&context, &request, asked = events_asked(context, request)](sql::Session& session) {
        return read_list(session, context, request, asked);
    };
    std::vector<Tag> tags{{TagKind::events}};
    const auto answer = co_await fill(context, std::move(key), std::move(tags), std::move(read));
    co_return respond(*answer, request);
}

}  // namespace

http::Route event_list_route(const QueryContext& context) {
    auto list = [&context](http::Request& request) { return list_events(context, request); };
    auto route = read_route(context, "/events", "listEvents", std::move(list));
    route.tag = "events";
    route.summary = "Events, by their start";
    route.description =
        "What is on, and what was. All filters combine. Without `status` only published events are listed: "
        "neither "
        "cancelled ones nor those that are past. The order is that of `starts_at`, then `id`, unless `sort` "
        "names another.";
    route.access = http::Access::optional;
    const std::string time = R"({"type":"string"})";
    route.query.insert(
        route.query.begin(),
        {{"q", R"({"type":"string","maxLength":100})",
          "Part of the title, description or location; case and accents do not count."},
         {"from", time, "Starts at this time or later: an instant, or a day in the server's time zone."},
         {"to", time, "Starts before this time."},
         {"type", api::json::serialize(api::schema_of<GatheringKind>()), "Only this kind."},
         {"organizer", R"({"type":"integer","minimum":1})", "Only those of this user."},
         {"status", api::json::serialize(api::schema_of<api::EventStatus>()),
          "Only this status; published by default."},
         {"mine", R"({"type":"boolean","default":false})",
          "Only those that the viewer organises, takes part in or waits for. Needs a token."},
         {"sort", R"({"type":"string","enum":["starts_at","-starts_at","created_at","-created_at"]})",
          "A minus turns the order round."}});
    route.responses = {{200, "A page of events.", api::list_schema_text<api::Event>(), {}},
                       {401, "`mine` without a token, or a bad token.", "", {"token_missing"}}};
    add_page_and_cursor_parameters(route);
    return route;
}

}  // namespace dacapo
