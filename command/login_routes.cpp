// Logging in and out, and refreshing tokens.
#include "api/body.hpp"
#include "command/login_admission.hpp"
#include "command/password_checks.hpp"
#include "command/routes.hpp"
#include "command/session_answer.hpp"

#include <boost/asio/use_awaitable.hpp>

namespace dacapo {
namespace {

namespace asio = boost::asio;

struct LoginBody {
    std::optional<std::string> email;
    std::optional<std::string> username;
    std::string password;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("email", self.email, api::Text{1, 254});
        field("username", self.username, api::Text{1, 254}, api::Hint{"Instead of the e-mail address."});
        field("password", self.password, api::Secret{});
    }
};

struct RefreshBody {
    std::string refresh_token;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("refresh_token", self.refresh_token, api::Secret{});
    }
};

http::Response json_response(std::string body) {
    http::Response response;
    response.body = std::move(body);
    return response;
}

http::Problem invalid_credentials() {
    http::Problem problem(401, "invalid_credentials", "The e-mail address or the password is wrong.");
    problem.headers.emplace_back("WWW-Authenticate", "Bearer");
    return problem;
}

struct LoginFacts {
    UserId user_id;
    std::string password_hash;
    std::int64_t password_number = 0;
};

LoginFacts look_up(Shard& accounts, const std::string& login, bool by_email) {
    return accounts.peek([&](const ShardState& state) {
        LoginFacts facts;
        facts.user_id = owner_in(by_email ? state.emails : state.usernames, login);
        if (!facts.user_id) return facts;
        const auto& account = state.account(facts.user_id)->state;
        facts.password_hash = account.password_hash;
        facts.password_number = account.password_number;
        return facts;
    });
}

asio::awaitable<http::Response> log_in(CommandHandling& commands, http::Request& request) {
    const auto body = api::read_body<LoginBody>(request);
    if (!body.email && !body.username)
        api::throw_invalid({{"/email", "required", "Give an e-mail address or a username."}});
    const auto login = body.email ? *body.email : *body.username;
    auto& shard = commands.shards().accounts();
    auto& failures = commands.login_failures();
    const auto attempt = LoginFailures::attempt_of(login, request.remote_address);
    auto admission = admitted(failures, commands.clock(), attempt);
    std::optional<LoginFailures::UnderWay> under_way(co_await std::move(admission));
    const auto facts = look_up(shard, login, body.email.has_value());
    // An unknown user costs the same hash, so that the time tells nothing.
    const auto hash = facts.user_id ? facts.password_hash : commands.passwords().dummy_hash();
    const bool fits = co_await password_fits(commands.passwords(), body.password, hash);
    if (!fits || !facts.user_id) {
        failures.failed(attempt, commands.clock().now());
        request.security = SecurityNote{SecurityEvent::login_failed, facts.user_id};
        throw invalid_credentials();
    }
    failures.succeeded(attempt, commands.clock().now());
    under_way.reset();

    const auto new_hash = co_await costlier_hash(commands.passwords(), body.password, facts.password_hash);
    const auto account = co_await commands.registration_of(facts.user_id);
    std::string refresh_token;
    Decide decide = [&](const ShardState& state, const Context& by) -> Verdict {
        const auto* current = state.account(facts.user_id);
        if (!current || current->state.password_number != facts.password_number) return invalid_credentials();
        const auto session_id = state.next_session();
        refresh_token = commands.refresh_tokens().issue(session_id);
        RecordBuilder record;
        if (!new_hash.empty())
            record.add<Account>(
                Account::decide(Account::RehashPassword{facts.password_number, new_hash}, current->state, by),
                {StreamKind::account, facts.user_id.value});
        if (const auto open = state.sessions_of(facts.user_id); open.size() >= sessions_per_user_max)
            record.add<Session>(
                Session::decide(Session::End{SessionEnd::superseded}, state.session(open.front())->state, by),
                {StreamKind::session, open.front().value});
        record.add<Session>(
            Session::decide(Session::Open{session_id, facts.user_id, refresh_hash(refresh_token)}, {}, by),
            {StreamKind::session, session_id.value});
        return std::move(record).verdict();
    };
    MakeAnswer answer = [&](const LogEntry* entry) {
        const auto* session = find_event<SessionOpened, SessionEvent>(entry);
        request.security = SecurityNote{SecurityEvent::login_succeeded, account.user_id, session->session_id};
        return authenticated(commands, account, session->session_id, entry->position, refresh_token);
    };
    co_return co_await commands.run(request, shard, std::move(decide), std::move(answer));
}

http::Problem refused_refresh() {
    http::Problem problem(401, "invalid_refresh_token",
                          "This refresh token is not good, or its session has ended.");
    problem.headers.emplace_back("WWW-Authenticate", "Bearer error=\"invalid_token\"");
    return problem;
}

asio::awaitable<http::Response> refresh(CommandHandling& commands, http::Request& request) {
    const auto body = api::read_body<RefreshBody>(request);
    const auto session_id = commands.refresh_tokens().verify(body.refresh_token);
    if (!session_id) throw refused_refresh();
    std::string successor;
    AccessClaims claims;
    claims.session_id = *session_id;
    Decide decide = [&](const ShardState& state, const Context& by) -> Verdict {
        const auto* session = state.session(*session_id);
        if (!session) return refused_refresh();
        claims.user_id = session->state.user_id;
        claims.role = state.account(claims.user_id)->state.role;
        claims.position = state.position;
        successor = commands.refresh_tokens().successor_of(body.refresh_token, session->state.refresh_hash);
        auto decision = Session::decide(
            Session::Refresh{refresh_hash(body.refresh_token), refresh_hash(successor)}, session->state, by);
        if (std::holds_alternative<Session::Refusal>(decision)) return refused_refresh();
        return verdict_of<Session>(std::move(decision), {StreamKind::session, session_id->value});
    };
    MakeAnswer answer = [&](const LogEntry* entry) {
        // The decision was to end the session: the token had been spent before.
        if (find_event<SessionEnded, SessionEvent>(entry)) {
            request.security = SecurityNote{SecurityEvent::refresh_reused, claims.user_id, claims.session_id};
            throw refused_refresh();
        }
        if (entry) claims.position = entry->position;
        api::TokenPair pair;
        pair.access_token = commands.access_tokens().issue(claims, commands.clock().now());
        pair.token = pair.access_token;
        pair.expires_in = commands.access_tokens().lifetime().count();
        pair.refresh_token = successor;
        return json_response(api::to_json(pair));
    };
    co_return co_await commands.run(request, commands.shards().accounts(), std::move(decide),
                                    std::move(answer));
}

asio::awaitable<http::Response> log_out(CommandHandling& commands, http::Request& request) {
    const auto session_id = request.principal->session_id;
    Decide decide = [&](const ShardState& state, const Context& by) -> Verdict {
        const auto* session = state.session(session_id);
        return verdict_of<Session>(
            Session::decide(Session::End{}, session ? session->state : Session::State{}, by),
            {StreamKind::session, session_id.value});
    };
    MakeAnswer answer = [&](const LogEntry* entry) {
        if (entry) request.security = SecurityNote{SecurityEvent::session_ended};
        return json_response(api::to_json(api::Confirmation{"Logged out."}));
    };
    co_return co_await commands.run(request, commands.shards().accounts(), std::move(decide),
                                    std::move(answer));
}

}  // namespace

std::vector<http::Route> login_routes(CommandHandling& commands) {
    std::vector<http::Route> routes;
    for (const auto& [pattern, id] : {std::pair{"/login", "login"}, {"/auth/login", "authLogin"}}) {
        auto route = account_route(pattern, id, "Log in");
        route.keyed = false;  // A repeated answer never holds a token, so here it would be worth nothing.
        route.description =
            "Begins a session; its `access_token` goes into `Authorization: Bearer`. By e-mail address or "
            "username. An "
            "unknown user and a wrong password answer the same 401, and as slowly; too many failures are 429 "
            "for a "
            "while.";
        route.body_schema = api::body_schema<LoginBody>();
        route.body_example = R"({"email": "zoe@example.org", "password": "dacapo-demo"})";
        route.responses = with_common_problems(
            {{200, "The user, and the tokens of a new session.", api::schema_text<api::Authenticated>(), {}},
             {401, "The name or the password is wrong.", "", {"invalid_credentials"}},
             {429,
              "Too many failed attempts for this name, from this address, or in all.",
              "",
              {"throttled"}}});
        route.handler = [&commands](http::Request& request) { return log_in(commands, request); };
        routes.push_back(std::move(route));
    }
    auto renew = account_route("/auth/refresh", "refresh", "Exchange a refresh token for new tokens");
    renew.description =
        "Before or after an access token has expired, without asking for the password. The token given is "
        "spent. For ten seconds it gives the same successor again, for a client that lost the "
        "answer; after that, using it ends the session.";
    renew.keyed = false;  // As for logging in; the token itself makes the repeat safe.
    renew.body_schema = api::body_schema<RefreshBody>();
    renew.body_example = R"({"refresh_token": "dr1..."})";
    renew.responses = with_common_problems(
        {{200, "New tokens.", api::schema_text<api::TokenPair>(), {}},
         {401, "Not a token of ours, spent, or its session has ended.", "", {"invalid_refresh_token"}}});
    renew.handler = [&commands](http::Request& request) { return refresh(commands, request); };
    routes.push_back(std::move(renew));

    auto leave = account_route("/auth/logout", "logout", "End the session of this token");
    leave.description =
        "The token is refused from now on (by the other servers of a cluster within a second), and the "
        "session's "
        "sockets close.";
    leave.access = http::Access::user;
    leave.keyed = false;  // Its session has ended, so nobody could ask for the first answer.
    leave.responses = with_common_problems({{200,
                                             "The session has ended; its token is refused from now on.",
                                             api::schema_text<api::Confirmation>(),
                                             {}}});
    leave.handler = [&commands](http::Request& request) { return log_out(commands, request); };
    routes.push_back(std::move(leave));
    return routes;
}

}  // namespace dacapo
