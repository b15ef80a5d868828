// The security events of a server as its log has them: each kind, with its fields, and once.
#include "tests/support/engines.hpp"
#include "tests/support/running_server.hpp"

#include <doctest/doctest.h>
#include <sstream>

namespace dacapo::test {
namespace {

const auto one_server =
    one_server_only("the proxy answers some of it by itself, and each server counts alone");

std::vector<json::object> security_lines(RunningServer& server) {
    std::vector<json::object> all;
    std::istringstream in(server.logged());
    for (std::string line; std::getline(in, line);) {
        auto one = json::parse(line).as_object();
        if (one.at("msg") == json::value("security")) all.push_back(std::move(one));
    }
    return all;
}

// What has been logged since the last look.
class Watch {
public:
    explicit Watch(RunningServer& server) : server_(server) {}

    std::vector<json::object> more() {
        auto all = security_lines(server_);
        std::vector<json::object> fresh(all.begin() + static_cast<std::ptrdiff_t>(seen_), all.end());
        seen_ = all.size();
        return fresh;
    }
    // Exactly one line, with these members among others.
    void check(const char* what, const json::object& expected) {
        const auto lines = more();
        REQUIRE_MESSAGE(lines.size() == 1, what);
        CHECK_MESSAGE(differences(lines[0], expected) == "", what);
        CHECK_MESSAGE(lines[0].size() == 11, json::serialize(lines[0]));
    }

private:
    RunningServer& server_;
    std::size_t seen_ = 0;
};

Answer log_in(Client& client, const std::string& name, const std::string& secret = password) {
    return client.post("/login", {{"username", name}, {"password", secret}});
}

TEST_CASE("accounts, log-ins and passwords leave a line each" * one_server) {
    RunningServer server(Flags{{"rate-limit", "on"}});
    Watch watch(server);
    Client client(server);
    auto zoe = server.person("zoe");
    watch.check("registering", {{"event", "registered"},
                                {"level", "info"},
                                {"user_id", 1},
                                {"session_id", 1},
                                {"remote", "127.0.0.1"},
                                {"method", "POST"},
                                {"route", "/register"}});
    const auto login = log_in(client, "zoe");
    watch.check("logging in", {{"event", "login_succeeded"},
                               {"user_id", 1},
                               {"session_id", 2},
                               {"route", "/login"},
                               {"request_id", login.header("X-Request-Id")}});
    log_in(client, "zoe", "a guess of mine");
    watch.check("guessing", {{"event", "login_failed"},
                             {"level", "warn"},
                             {"user_id", 1},
                             {"session_id", 0},
                             {"code", "invalid_credentials"}});
    log_in(client, "nobody", "a guess of mine");
    watch.check("guessing at nobody's", {{"event", "login_failed"}, {"user_id", 0}});
    for (int i = 0; i < 5; ++i) log_in(client, "nobody", "a guess of mine");
    watch.more();
    CHECK(log_in(client, "nobody", "a guess of mine").status == 429);
    watch.check("guessing too often", {{"event", "login_throttled"}, {"code", "throttled"}});
    const auto change = [&](const char* from, const char* to) {
        return zoe.post("/auth/password", {{"old_password", from}, {"new_password", to}});
    };
    CHECK(change("a guess of mine", "battery staple").status == 403);
    watch.check("a wrong old password", {{"event", "password_refused"},
                                         {"user_id", 1},
                                         {"session_id", 1},
                                         {"route", "/auth/password"},
                                         {"code", "wrong_password"}});
    CHECK(change(password, "battery staple").status == 204);
    watch.check("a new password",
                {{"event", "password_changed"}, {"level", "info"}, {"user_id", 1}, {"session_id", 1}});
    // What is only mistaken is no event of this kind.
    log_in(client, "zoe", "");
    CHECK(
        client.post("/register", {{"username", "zoe"}, {"email", "zoe@example.org"}, {"password", password}})
            .told() == "400 email_taken");
    CHECK(zoe.get("/users/99").status == 404);
    CHECK(client.get("/auth/me").told() == "401 token_missing");
    CHECK(watch.more().size() == 1);  // the log-in without a password failed
}

TEST_CASE("a registration that is repeated is one event" * one_server) {
    RunningServer server;
    Client client(server);
    const json::object zoe{{"username", "zoe"}, {"email", "zoe@example.org"}, {"password", password}};
    for (int i = 0; i < 2; ++i)
        CHECK(client.post("/register", zoe, header("Idempotency-Key", "once")).status == 200);
    CHECK(security_lines(server).size() == 1);
}

TEST_CASE("sessions that end, and refresh tokens that come back, leave a line each" * one_server) {
    RunningServer server;
    auto zoe = server.person("zoe");
    Client client(server);
    const auto first = log_in(client, "zoe");
    const auto second = log_in(client, "zoe");
    Watch watch(server);
    watch.more();
    CHECK(zoe.del("/auth/sessions/2").status == 204);
    watch.check("ending another session", {{"event", "session_ended"},
                                           {"user_id", 1},
                                           {"session_id", 2},
                                           {"method", "DELETE"},
                                           {"route", "/auth/sessions/{session_id}"}});
    CHECK(zoe.del("/auth/sessions/2").status == 204);
    CHECK(watch.more().empty());
    const auto refresh = [&](const std::string& token) {
        return client.post("/auth/refresh", {{"refresh_token", token}}).status;
    };
    CHECK(refresh(second.text("refresh_token")) == 200);
    server.clock.advance(std::chrono::seconds(11));
    CHECK(watch.more().empty());
    CHECK(refresh(second.text("refresh_token")) == 401);
    watch.check("a token that was spent", {{"event", "refresh_reused"},
                                           {"level", "warn"},
                                           {"user_id", 1},
                                           {"session_id", 3},
                                           {"route", "/auth/refresh"}});
    CHECK(refresh(second.text("refresh_token")) == 401);
    watch.check("once more", {{"event", "token_refused"}, {"code", "invalid_refresh_token"}});
    CHECK(zoe.post("/auth/logout").status == 200);
    watch.check("logging out", {{"event", "session_ended"}, {"user_id", 1}, {"session_id", 1}});
    CHECK(zoe.get("/auth/me").status == 401);
    watch.check("an ended session", {{"event", "token_refused"},
                                     {"code", "token_invalid"},
                                     {"user_id", 0},
                                     {"method", "GET"},
                                     {"route", "/auth/me"}});
}

TEST_CASE("what is refused to somebody, to everybody or to no client leaves a line each" * one_server) {
    RunningServer server(Flags{{"rate-limit", "on"}});
    auto zoe = server.person("zoe");
    Watch watch(server);
    watch.more();
    CHECK(zoe.post("/genres", {{"name", "Jazz"}}).status == 403);
    watch.check("an admin's", {{"event", "forbidden"},
                               {"code", "admin_only"},
                               {"user_id", 1},
                               {"session_id", 1},
                               {"route", "/genres"}});
    Client client(server);
    client.token = "no token at all";
    CHECK(client.get("/auth/me").status == 401);
    watch.check("a bad token", {{"event", "token_refused"}, {"user_id", 0}});
    {
        CHECK(send_raw(server.port(),
                       "GET /ws?token=none HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                       "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
                  .status == 401);
    }
    watch.check("a socket's", {{"event", "token_refused"}, {"route", "/ws"}});
    CHECK(send_raw(server.port(),
                   "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n"
                   "Transfer-Encoding: chunked\r\n\r\n{}")
              .status == 400);
    watch.check("smuggling", {{"event", "framing_refused"},
                              {"code", "bad_transfer_encoding"},
                              {"route", ""},
                              {"remote", "127.0.0.1"}});
    CHECK(send_raw(server.port(), "GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n").status == 400);
    watch.check("two hosts", {{"event", "framing_refused"}, {"code", "bad_host"}});
    Client many(server);
    for (int i = 0; i < 120; ++i) many.post("/auth/refresh", {{"refresh_token", "none"}});
    watch.more();
    CHECK(many.post("/auth/refresh", {{"refresh_token", "none"}}).status == 429);
    watch.check("too many", {{"event", "rate_limited"}, {"code", "rate_limited"}});
}

}  // namespace
}  // namespace dacapo::test
