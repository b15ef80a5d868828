// GET /users, /users/{user_id}, /users/me and /auth/me. Who sees an e-mail address is decided here.
#include "api/resources.hpp"
#include "infra/http/problem.hpp"
#include "infra/text.hpp"
#include "query/read.hpp"
#include "query/routes.hpp"

namespace dacapo {
namespace {

namespace asio = boost::asio;

#define USER_COLUMNS "id, username, email, full_name, bio, role, created_at"
constexpr std::string_view select_user = "SELECT " USER_COLUMNS " FROM users WHERE id = $1";
// Of each list the page by skip, and those after and before a cursor.
#define BY_ID " ORDER BY id LIMIT $1"
#define BY_ID_BACKWARDS " ORDER BY id DESC LIMIT $1"
struct ListStatements {
    sql::PerDialect page;
    sql::PerDialect after;
    sql::PerDialect before;
};
constexpr sql::PerDialect both(std::string_view sql) { return {.sqlite = sql, .postgresql = sql}; }
constexpr ListStatements of_all{
    .page = both("SELECT " USER_COLUMNS " FROM users" BY_ID " OFFSET $2"),
    .after = both("SELECT " USER_COLUMNS " FROM users WHERE id > $2" BY_ID),
    .before = both("SELECT " USER_COLUMNS " FROM users WHERE id < $2" BY_ID_BACKWARDS)};
#define FOUND_IN_SQLITE "SELECT " USER_COLUMNS " FROM users WHERE instr(search_text, $3) > 0"
#define FOUND_IN_POSTGRESQL "SELECT " USER_COLUMNS " FROM users WHERE strpos(search_text, $3) > 0"
constexpr ListStatements of_found{
    .page = {.sqlite = FOUND_IN_SQLITE BY_ID " OFFSET $2",
             .postgresql = FOUND_IN_POSTGRESQL BY_ID " OFFSET $2"},
    .after = {.sqlite = FOUND_IN_SQLITE " AND id > $2" BY_ID,
              .postgresql = FOUND_IN_POSTGRESQL " AND id > $2" BY_ID},
    .before = {.sqlite = FOUND_IN_SQLITE " AND id < $2" BY_ID_BACKWARDS,
               .postgresql = FOUND_IN_POSTGRESQL " AND id < $2" BY_ID_BACKWARDS}};
#undef BY_ID
#undef BY_ID_BACKWARDS
#undef FOUND_IN_SQLITE
#undef FOUND_IN_POSTGRESQL
constexpr std::string_view count_users = "SELECT count(*) FROM users";
constexpr sql::PerDialect count_users_found{
    .sqlite = "SELECT count(*) FROM users WHERE instr(search_text, $1) > 0",
    .postgresql = "SELECT count(*) FROM users WHERE strpos(search_text, $1) > 0"};
constexpr std::string_view count_unread =
    "SELECT count(*) FROM messages m LEFT JOIN read_markers r "
    "ON r.conversation_id = m.conversation_id AND r.user_id = m.receiver_id "
    "WHERE m.receiver_id = $1 AND m.sequence > coalesce(r.up_to, 0)";
#undef USER_COLUMNS

// Whose addresses a viewer sees: everyone's, or at most their own.
struct EmailsShown {
    bool all = false;
    UserId own;

    bool of(UserId user) const { return all || user == own; }
    // Viewers with the same text see the same.
    std::string key() const { return all ? "#all" : "#" + std::to_string(own.value); }
};

EmailsShown emails_shown(const QueryContext& context, const http::Request& request) {
    const auto policy = context.settings.profile_email;
    if (policy == EmailVisibility::everyone) return {true, {}};
    if (!request.principal) return {};
    if (policy == EmailVisibility::members) return {true, {}};
    return {false, request.principal->user_id};
}

template <class User>  // api::User or api::Me
void read_user(const sql::Row& row, const EmailsShown& emails, User& user) {
    row.read(0, user.id);
    row.read(1, user.username);
    if (emails.of(user.id)) row.read(2, user.email);
    row.read(3, user.full_name);
    row.read(4, user.bio);
    row.read(5, user.role);
    row.read(6, user.created_at);
}

[[noreturn]] void no_such_user() { throw http::Problem(404, "not_found", "There is no such user."); }

AnswerPtr read_one(sql::Session& session, std::int64_t id, const EmailsShown& emails) {
    api::User user;
    const auto found =
        session.query(select_user, id, [&](const sql::Row& row) { read_user(row, emails, user); });
    if (!found) no_such_user();
    return make_answer(api::to_json(user));
}

AnswerPtr read_me(sql::Session& session, UserId id) {
    api::Me me;
    session.consistently([&] {
        const auto read = [&](const sql::Row& row) { read_user(row, EmailsShown{true, {}}, me); };
        if (!session.query(select_user, id, read)) no_such_user();
        me.unread_messages = session.value<std::int64_t>(count_unread, id).value_or(0);
    });
    return make_answer(api::to_json(me));
}

struct UsersAsked {
    api::Page page;
    std::string search;  // folded; empty: all
};

UsersAsked users_asked(const QueryContext& context, const http::Request& request) {
    api::QueryReader query(request);
    UsersAsked asked;
    asked.search = fold(query.text("q", api::search_code_points_max).value_or(""));
    asked.page = query.page(context.cursors, "/users?" + asked.search);
    query.done();
    return asked;
}

AnswerPtr read_list(sql::Session& session, const QueryContext& context, const http::Request& request,
                    const UsersAsked& asked, const EmailsShown& emails) {
    ListWriter list(asked.page);
    const auto add = [&](const sql::Row& row) {
        api::User user;
        read_user(row, emails, user);
        list.add(user, {0, user.id.value});
    };
    const auto& sql = asked.search.empty() ? of_all : of_found;
    const auto* cursor = asked.page.cursor();
    const auto& select = !cursor ? sql.page : cursor->side == api::Side::after ? sql.after : sql.before;
    const auto from = cursor ? cursor->place.id : asked.page.skip;
    std::optional<std::int64_t> total;
    session.consistently([&] {
        if (asked.search.empty()) {
            session.query(select.in(session.dialect()), list.row_count_max(), from, add);
            if (asked.page.count) total = session.value<std::int64_t>(count_users);
        } else {
            session.query(select.in(session.dialect()), list.row_count_max(), from, asked.search, add);
            if (asked.page.count)
                total = session.value<std::int64_t>(count_users_found.in(session.dialect()), asked.search);
        }
    });
    return list.finish(context, request, total);
}

asio::awaitable<http::Response> list_users(const QueryContext& context, http::Request& request) {
    const auto emails = emails_shown(context, request);
    auto key = api::question_of(request) + emails.key();
    if (const auto hit = context.caches.here().find(key)) co_return respond(*hit, request);

    auto read = [&context, &request, asked = users_asked(context, request), emails](sql::Session& session) {
        return read_list(session, context, request, asked, emails);
    };
    std::vector<Tag> tags{{TagKind::users}};
    const auto answer = co_await fill(context, std::move(key), std::move(tags), std::move(read));
    co_return respond(*answer, request);
}

asio::awaitable<http::Response> get_user(const QueryContext& context, http::Request& request) {
    const auto id = request.ids.at(0);
    const auto emails = emails_shown(context, request);
    auto key = "user/" + std::to_string(id) + emails.key();
    if (const auto hit = context.caches.here().find(key)) co_return respond(*hit, request);

    auto read = [id, emails](sql::Session& session) { return read_one(session, id, emails); };
    std::vector<Tag> tags{{TagKind::user, id}};
    const auto answer = co_await fill(context, std::move(key), std::move(tags), std::move(read));
    co_return respond(*answer, request);
}

asio::awaitable<http::Response> get_me(const QueryContext& context, http::Request& request) {
    const auto id = request.principal.value().user_id;
    auto key = "me/" + std::to_string(id.value);
    if (const auto hit = context.caches.here().find(key)) co_return respond(*hit, request);

    auto read = [id](sql::Session& session) { return read_me(session, id); };
    std::vector<Tag> tags{{TagKind::user, id.value}, {TagKind::messages, id.value}};
    const auto answer = co_await fill(context, std::move(key), std::move(tags), std::move(read));
    co_return respond(*answer, request);
}

http::Route me_route(const QueryContext& context, std::string pattern, std::string operation_id) {
    auto get = [&context](http::Request& request) { return get_me(context, request); };
    auto route = read_route(context, std::move(pattern), std::move(operation_id), std::move(get));
    route.tag = "users";
    route.summary = "The connected user";
    route.description =
        "Who the token belongs to, with the e-mail address and the number of unread messages: what an app "
        "asks first "
        "after it has started. 401 means that it must log in again.";
    route.access = http::Access::user;
    route.responses = {{200, "The connected user.", api::schema_text<api::Me>(), {}},
                       {404, "The account is gone.", "", {"not_found"}}};
    return route;
}

}  // namespace

std::vector<http::Route> user_queries(const QueryContext& context) {
    const bool viewer_matters = context.settings.profile_email != EmailVisibility::everyone;
    const auto access = viewer_matters ? http::Access::optional : http::Access::open;

    auto list = [&context](http::Request& request) { return list_users(context, request); };
    auto users = read_route(context, "/users", "listUsers", std::move(list));
    users.tag = "users";
    users.summary = "All users, by id";
    users.description =
        "To find somebody to write to or to invite. `q` searches; without it the list is in the order of "
        "registration. Whether `email` is shown is the operators' decision; else it is null.";
    users.access = access;
    users.query.push_back({"q", R"({"type":"string","maxLength":100})",
                           "Part of the username or of the full name; case and accents do not count."});
    users.responses = {{200, "A page of users.", api::list_schema_text<api::User>(), {}}};
    add_page_and_cursor_parameters(users);

    auto get = [&context](http::Request& request) { return get_user(context, request); };
    auto user = read_route(context, "/users/{user_id}", "getUser", std::move(get));
    user.tag = "users";
    user.summary = "One user";
    user.description = "The public profile behind an id of an event, a message or a check-in.";
    user.access = access;
    user.responses = {{200, "The user.", api::schema_text<api::User>(), {}},
                      {404, "No such user.", "", {"not_found"}}};

    return {std::move(users), std::move(user), me_route(context, "/users/me", "getUsersMe"),
            me_route(context, "/auth/me", "getMe")};
}

}  // namespace dacapo
