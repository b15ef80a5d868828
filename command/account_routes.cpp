// Registering: an account and its first session, in one record.
#include "api/body.hpp"
#include "command/password_checks.hpp"
#include "command/routes.hpp"
#include "command/session_answer.hpp"

#include <boost/asio/use_awaitable.hpp>

namespace dacapo {
namespace {

namespace asio = boost::asio;

constexpr unsigned derived_usernames_tried_max = 10'000;

struct RegisterBody {
    std::optional<std::string> username;
    std::string email;
    std::string password;
    std::optional<std::string> full_name;
    std::optional<std::string> name;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("username", self.username, api::Text{3, 32}, api::Pattern{"^[A-Za-z0-9_.-]*$"},
              api::Hint{"Letters, digits, and . _ - ; or give `name`."});
        field("email", self.email, api::Text{3, 254}, api::Format{"email"});
        field("password", self.password, api::Secret{}, api::Text{8},
              api::Hint{"8 characters to 72 bytes, and none of the 3,000 most common ones."});
        field("full_name", self.full_name, api::Text{0, 100});
        field("name", self.name, api::Text{1, 100}, api::Hint{"Makes the username when none is given."});
    }
};

RegisterBody read_register(const http::Request& request) {
    auto body = api::read_body<RegisterBody>(request);
    api::Faults faults;
    if (!body.username && !body.name)
        faults.push_back({"/username", "required", "Give a username, or a name to make one from."});
    if (body.username && !username_is_valid(*body.username))
        faults.push_back({"/username", "invalid_username", "3 to 32 of letters, digits, and . _ -"});
    if (!email_is_valid(body.email))
        faults.push_back({"/email", "invalid_email", "Must be an e-mail address."});
    check_new_password(body.password, "/password", faults);
    if (!faults.empty()) api::throw_invalid(std::move(faults));
    if (!body.full_name) body.full_name = body.name;
    return body;
}

std::string username_for(const RegisterBody& body, const ShardState& state) {
    if (body.username) return *body.username;
    for (unsigned attempt = 0; attempt < derived_usernames_tried_max; ++attempt) {
        auto username = derived_username(*body.name, attempt);
        if (!owner_in(state.usernames, username)) return username;
    }
    return derived_username(*body.name, static_cast<unsigned>(state.accounts.size()));
}

asio::awaitable<http::Response> register_account(CommandHandling& commands, http::Request& request) {
    const auto body = read_register(request);
    // The log keeps a digest of what came with an Idempotency-Key: of a password it would let anybody guess
    // who reads the log, a thousand times faster than its hash does. The request itself is left as it came:
    // it may have to be sent on to the shard's owner.
    auto without_password = request;
    without_password.body = api::body_without(request, "password");
    auto& shard = commands.shards().accounts();
    // A taken name does without the costly hash. It is not refused here: a repeat of an Idempotency-Key finds
    // its own name taken, and what took it may not be durable yet.
    const bool taken = shard.peek([&](const ShardState& state) {
        return owner_in(state.emails, body.email) ||
               (body.username && owner_in(state.usernames, *body.username));
    });
    std::string hash;
    if (!taken) hash = co_await password_hash(commands.passwords(), body.password);

    std::string refresh_token;
    Decide decide = [&](const ShardState& state, const Context& by) -> Verdict {
        Account::Register command{
            state.next_user(), username_for(body, state),          body.email, body.full_name, hash,
            Role::user,        owner_in(state.emails, body.email), {}};
        command.username_owner = owner_in(state.usernames, command.username);
        // What took the name was rolled back meanwhile.
        if (hash.empty() && !command.email_owner && !command.username_owner) return passwords_busy();
        const auto session_id = state.next_session();
        refresh_token = commands.refresh_tokens().issue(session_id);
        RecordBuilder record;
        const auto user_id = command.user_id;
        record.add<Account>(Account::decide(command, {}, by), {StreamKind::account, user_id.value});
        record.add<Session>(
            Session::decide(Session::Open{session_id, user_id, refresh_hash(refresh_token)}, {}, by),
            {StreamKind::session, session_id.value});
        return std::move(record).verdict();
    };
    MakeAnswer answer = [&](const LogEntry* entry) {
        const auto* account = find_event<AccountRegistered, AccountEvent>(entry);
        const auto* session = find_event<SessionOpened, SessionEvent>(entry);
        // Not of a repeat, which gives no tokens.
        if (!refresh_token.empty()) {
            request.security = SecurityNote{SecurityEvent::registered, account->user_id, session->session_id};
            for (const auto* login : {&account->email, &account->username})
                commands.login_failures().succeeded(LoginFailures::attempt_of(*login, request.remote_address),
                                                    commands.clock().now());
        }
        auto response =
            authenticated(commands, *account, session->session_id, entry->position, refresh_token);
        response.set_header("Location", "/users/" + std::to_string(account->user_id.value));
        return response;
    };
    co_return co_await commands.run(without_password, shard, std::move(decide), std::move(answer));
}

}  // namespace

std::vector<http::Route> account_routes(CommandHandling& commands) {
    std::vector<http::Route> routes;
    for (const auto& [pattern, id] :
         {std::pair{"/register", "register"}, {"/auth/register", "authRegister"}}) {
        auto route = account_route(pattern, id, "Make an account and log in to it");
        route.description =
            "The first call of somebody new: the answer holds the account and the tokens of its first "
            "session, so that "
            "no log-in has to follow. Give a username, or a name from which a free username is made. A taken "
            "address or "
            "username is 400.";
        route.body_schema = api::body_schema<RegisterBody>();
        route.body_example =
            R"({"username": "ana.ribeiro", "email": "ana@example.org", "password": "correct horse"})";
        route.responses = with_common_problems({{200,
                                                 "The account, and the tokens of its first session.",
                                                 api::schema_text<api::Authenticated>(),
                                                 {}},
                                                {400,
                                                 "The e-mail address or the username is already used.",
                                                 "",
                                                 {"email_taken", "username_taken"}}});
        route.creates = true;
        route.handler = [&commands](http::Request& request) { return register_account(commands, request); };
        routes.push_back(std::move(route));
    }
    return routes;
}

}  // namespace dacapo
