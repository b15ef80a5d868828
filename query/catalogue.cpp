// GET /instruments, /genres and one of each: the catalogue, the same for everyone, so always from the cache.
#include "api/resources.hpp"
#include "infra/http/problem.hpp"
#include "query/read.hpp"
#include "query/routes.hpp"

#include <fmt/format.h>

namespace dacapo {
namespace {

namespace asio = boost::asio;

// What differs between the two kinds. Lists leave out what is retired; one entry is shown for ever.
struct Instruments {
    using Shown = api::Instrument;
    static constexpr TagKind tag = TagKind::instruments;
    static constexpr std::string_view one = "instrument";
    static constexpr std::string_view many = "instruments";
    static constexpr std::string_view select_one =
        "SELECT id, name, retired, version FROM instruments WHERE id = $1";
    static constexpr std::string_view select_page =
        "SELECT id, name, retired, version FROM instruments WHERE retired = 0 "
        "ORDER BY sort_text, id LIMIT $1 OFFSET $2";
    static constexpr std::string_view count = "SELECT count(*) FROM instruments WHERE retired = 0";
};
struct Genres {
    using Shown = api::Genre;
    static constexpr TagKind tag = TagKind::genres;
    static constexpr std::string_view one = "genre";
    static constexpr std::string_view many = "genres";
    static constexpr std::string_view select_one =
        "SELECT id, name, retired, version FROM genres WHERE id = $1";
    static constexpr std::string_view select_page =
        "SELECT id, name, retired, version FROM genres WHERE retired = 0 "
        "ORDER BY sort_text, id LIMIT $1 OFFSET $2";
    static constexpr std::string_view count = "SELECT count(*) FROM genres WHERE retired = 0";
};

template <class Shown>
Shown read_entry(const sql::Row& row) {
    Shown entry;
    row.read(0, entry.id);
    row.read(1, entry.entry_name);
    row.read(2, entry.retired);
    row.read(3, entry.version);
    return entry;
}

// The entity tag begins with the version, which is what `If-Match` on a change goes by.
AnswerPtr versioned(const Answer& plain, std::int64_t version) {
    auto answer = std::make_shared<Answer>(plain);
    answer->etag = fmt::format("\"v{}-{}", version, std::string_view(plain.etag).substr(1));
    for (auto& [header, value] : answer->headers)
        if (header == "ETag") value = answer->etag;
    return answer;
}

template <class Kind>
AnswerPtr read_one(sql::Session& session, std::int64_t id) {
    typename Kind::Shown entry;
    const auto read = [&](const sql::Row& row) { entry = read_entry<typename Kind::Shown>(row); };
    if (!session.query(Kind::select_one, id, read))
        throw http::Problem(404, "not_found", fmt::format("There is no such {}.", Kind::one));
    return versioned(*make_answer(api::to_json(entry)), entry.version);
}

template <class Kind>
AnswerPtr read_list(sql::Session& session, const QueryContext& context, const http::Request& request,
                    const api::Page& page) {
    ListWriter list(page);
    const auto add = [&](const sql::Row& row) { list.add(read_entry<typename Kind::Shown>(row)); };
    std::optional<std::int64_t> total;
    session.consistently([&] {
        session.query(Kind::select_page, list.row_count_max(), page.skip, add);
        if (page.count) total = session.value<std::int64_t>(Kind::count);
    });
    return list.finish(context, request, total);
}

template <class Kind>
asio::awaitable<http::Response> list_entries(const QueryContext& context, http::Request& request) {
    auto key = api::question_of(request);
    if (const auto hit = context.caches.here().find(key)) co_return respond(*hit, request);

    api::QueryReader query(request);
    const auto page = query.page();
    query.done();
    auto read = [&context, &request, page](sql::Session& session) {
        return read_list<Kind>(session, context, request, page);
    };
    std::vector<Tag> tags{{Kind::tag}};
    const auto answer = co_await fill(context, std::move(key), std::move(tags), std::move(read));
    co_return respond(*answer, request);
}

template <class Kind>
asio::awaitable<http::Response> get_entry(const QueryContext& context, http::Request& request) {
    const auto id = request.ids.at(0);
    auto key = fmt::format("{}/{}", Kind::one, id);
    if (const auto hit = context.caches.here().find(key)) co_return respond(*hit, request);

    auto read = [id](sql::Session& session) { return read_one<Kind>(session, id); };
    std::vector<Tag> tags{{Kind::tag}};
    const auto answer = co_await fill(context, std::move(key), std::move(tags), std::move(read));
    co_return respond(*answer, request);
}

template <class Kind>
void add_routes(std::vector<http::Route>& routes, const QueryContext& context) {
    using Shown = typename Kind::Shown;
    auto list = [&context](http::Request& request) { return list_entries<Kind>(context, request); };
    auto all = read_route(context, fmt::format("/{}", Kind::many), fmt::format("list{}s", Shown::name),
                          std::move(list));
    all.tag = "catalogue";
    all.summary = fmt::format("All {} in use, by name", Kind::many);
    all.description = fmt::format(
        "For a list to choose from. It seldom changes: keep it, and ask again with `If-None-Match`. Retired "
        "{} are "
        "left out.",
        Kind::many);
    add_page_parameters(all);
    all.responses = {{200, fmt::format("A page of {}.", Kind::many), api::list_schema_text<Shown>(), {}}};
    routes.push_back(std::move(all));

    auto get = [&context](http::Request& request) { return get_entry<Kind>(context, request); };
    auto one = read_route(context, fmt::format("/{}/{{{}_id}}", Kind::many, Kind::one),
                          fmt::format("get{}", Shown::name), std::move(get));
    one.tag = "catalogue";
    one.summary = fmt::format("One {}, also when it is retired", Kind::one);
    one.description = "The name behind an id. Its `ETag` goes into `If-Match` of a change.";
    one.responses = {{200, fmt::format("The {}.", Kind::one), api::schema_text<Shown>(), {}},
                     {404, fmt::format("No such {}.", Kind::one), "", {"not_found"}}};
    routes.push_back(std::move(one));
}

}  // namespace

std::vector<http::Route> catalogue_queries(const QueryContext& context) {
    std::vector<http::Route> routes;
    add_routes<Instruments>(routes, context);
    add_routes<Genres>(routes, context);
    return routes;
}

}  // namespace dacapo
