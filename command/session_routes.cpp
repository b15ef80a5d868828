// Ending sessions from another one: DELETE /auth/sessions/{session_id}, and changing the password, after
// which only the session that asked goes on.
#include "api/body.hpp"
#include "api/resources.hpp"
#include "command/login_admission.hpp"
#include "command/password_checks.hpp"
#include "command/routes.hpp"

#include <boost/asio/use_awaitable.hpp>

namespace dacapo {
namespace {

namespace asio = boost::asio;

struct PasswordBody {
    std::string old_password;
    std::string new_password;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("old_password", self.old_password, api::Secret{});
        field("new_password", self.new_password, api::Secret{}, api::Text{8},
              api::Hint{"8 characters to 72 bytes, and none of the 3,000 most common ones."});
    }
};

PasswordBody read_password_body(const http::Request& request) {
    auto body = api::read_body<PasswordBody>(request);
    api::Faults faults;
    check_new_password(body.new_password, "/new_password", faults);
    if (body.new_password == body.old_password)
        faults.push_back({"/new_password", "unchanged", "Must be another one than the old password."});
    if (!faults.empty()) api::throw_invalid(std::move(faults));
    return body;
}

http::Response end_response() {
    http::Response response;
    response.status = 204;
    return response;
}

Account::State account_of(Shard& accounts, UserId user) {
    return accounts.peek([&](const ShardState& state) {
        const auto* account = state.account(user);
        if (!account) throw not_found("user");
        return account->state;
    });
}

// Whoever found a token must not try passwords with it for long: attempts count as those of logging in do.
asio::awaitable<void> verify_old_password(CommandHandling& commands, http::Request& request,
                                          std::string old_password, std::string known_hash) {
    auto& failures = commands.login_failures();
    // No login holds a line end, so nobody fails in this name by logging in.
    const auto attempt = LoginFailures::attempt_of(
        "\nuser " + std::to_string(request.principal->user_id.value), request.remote_address);
    auto admission = admitted(failures, commands.clock(), attempt);
    const auto under_way = co_await std::move(admission);
    const bool fits =
        co_await password_fits(commands.passwords(), std::move(old_password), std::move(known_hash));
    if (!fits) {
        failures.failed(attempt, commands.clock().now());
        request.security = SecurityNote{SecurityEvent::password_refused};
        throw http::Problem(403, "wrong_password", "The old password is not right.");
    }
    failures.succeeded(attempt, commands.clock().now());
}

asio::awaitable<http::Response> change_password(CommandHandling& commands, http::Request& request) {
    const auto body = read_password_body(request);
    const auto user = request.principal->user_id;
    const auto own_session = request.principal->session_id;
    auto& shard = commands.shards().accounts();
    const auto known = account_of(shard, user);
    auto verified = verify_old_password(commands, request, body.old_password, known.password_hash);
    co_await std::move(verified);
    const auto new_hash = co_await password_hash(commands.passwords(), body.new_password);
    Decide decide = [&](const ShardState& state, const Context& by) -> Verdict {
        const auto* account = state.account(user);
        RecordBuilder record;
        record.add<Account>(Account::decide(Account::ChangePassword{known.password_number, new_hash},
                                            account ? account->state : Account::State{}, by),
                            {StreamKind::account, user.value});
        for (const auto session : state.sessions_of(user)) {
            if (session == own_session) continue;
            record.add<Session>(Session::decide(Session::End{SessionEnd::password_changed},
                                                state.session(session)->state, by),
                                {StreamKind::session, session.value});
        }
        return std::move(record).verdict();
    };
    MakeAnswer answer = [&](const LogEntry*) {
        request.security = SecurityNote{SecurityEvent::password_changed};
        return end_response();
    };
    co_return co_await commands.run(request, shard, std::move(decide), std::move(answer));
}

asio::awaitable<http::Response> end_session(CommandHandling& commands, http::Request& request) {
    const SessionId session_id{request.ids.at(0)};
    Decide decide = [&](const ShardState& state, const Context& by) -> Verdict {
        const auto* session = state.session(session_id);
        auto decision = Session::decide(Session::End{SessionEnd::revoked},
                                        session ? session->state : Session::State{}, by);
        // Of a path, unlike of a token: somebody else's looks like none.
        if (std::holds_alternative<Session::Refusal>(decision)) return not_found("session");
        return verdict_of<Session>(std::move(decision), {StreamKind::session, session_id.value});
    };
    MakeAnswer answer = [&](const LogEntry* entry) {
        if (const auto* ended = find_event<SessionEnded, SessionEvent>(entry))
            request.security = SecurityNote{SecurityEvent::session_ended, ended->user_id, ended->session_id};
        return end_response();
    };
    co_return co_await commands.run(request, commands.shards().accounts(), std::move(decide),
                                    std::move(answer));
}

}  // namespace

std::vector<http::Route> session_routes(CommandHandling& commands) {
    http::Route password;
    password.method = http::Method::post;
    password.pattern = "/auth/password";
    password.operation_id = "changePassword";
    password.tag = "accounts";
    password.summary = "Change the password";
    password.description =
        "The old one is asked for again; a wrong one is 403, and too many of them 429. All other sessions of "
        "the user "
        "end: their tokens are refused and their sockets close.";
    password.access = http::Access::user;
    password.command = true;
    password.keyed = false;  // The log must not remember a fingerprint of passwords.
    password.body_schema = api::body_schema<PasswordBody>();
    password.body_example = R"({"old_password": "correct horse", "new_password": "battery staple"})";
    password.responses = with_common_problems(
        {{204, "The new password holds, and only this session goes on.", "", {}},
         {403, "The old password is not right.", "", {"wrong_password"}},
         {404, "The account is gone.", "", {"not_found"}},
         {409, "The password was changed at the same moment.", "", {"changed_meanwhile"}},
         {429, "Too many failed attempts.", "", {"throttled"}}});
    password.handler = [&commands](http::Request& request) { return change_password(commands, request); };

    http::Route end;
    end.method = http::Method::del;
    end.pattern = "/auth/sessions/{session_id}";
    end.operation_id = "endSession";
    end.tag = "accounts";
    end.summary = "End a session";
    end.description =
        "For a device that was lost. One's own; anybody's for an admin. Its tokens are refused and its "
        "sockets close. "
        "Another user's looks like none: 404.";
    end.access = http::Access::user;
    end.command = true;
    end.responses = with_common_problems(
        {{204, "It has ended.", "", {}}, {404, "There is no such session.", "", {"not_found"}}});
    end.handler = [&commands](http::Request& request) { return end_session(commands, request); };
    return {std::move(password), std::move(end)};
}

}  // namespace dacapo
