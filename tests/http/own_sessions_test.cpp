// A person's own sessions: seeing them, ending one from another, and the password that ends all others.
#include "domain/session.hpp"
#include "tests/support/running_server.hpp"

#include <doctest/doctest.h>

namespace dacapo::test {
namespace {

constexpr const char* new_password = "battery staple horse";

Answer log_in(RunningServer& server, const std::string& name, const std::string& secret = password) {
    return Client(server).post("/login", {{"username", name}, {"password", secret}});
}

Client with_token(RunningServer& server, const Answer& answer) {
    Client client(server);
    client.token = answer.text("access_token");
    return client;
}

Answer change(Client& client, const std::string& from, const std::string& to) {
    return client.post("/auth/password", {{"old_password", from}, {"new_password", to}});
}

std::string path_of(const json::value& session) {
    return "/auth/sessions/" + std::to_string(session.at("id").as_int64());
}

// What ended a socket; what comes before is passed over.
SocketMessage last_of(SocketClient& socket) {
    SocketMessage last;
    do last = socket.receive();
    while (last.opcode == 1);
    return last;
}

TEST_CASE("a person sees their own sessions, newest first, and which one asks") {
    RunningServer server;
    auto zoe = server.person("zoe");
    server.person("malik");
    server.clock.advance(std::chrono::hours(1));
    auto there = with_token(server, log_in(server, "zoe"));
    const auto list = there.get("/auth/sessions").list();
    REQUIRE(list.size() == 2);
    CHECK(differences(list, json::parse(R"([
        {"created_at": "2024-03-14T13:00:00Z", "refreshed_at": "2024-03-14T13:00:00Z",
         "expires_at": "2024-04-13T13:00:00Z", "current": true},
        {"created_at": "2024-03-14T12:00:00Z", "refreshed_at": "2024-03-14T12:00:00Z",
         "expires_at": "2024-04-13T12:00:00Z", "current": false}])")) == "");
    CHECK(zoe.get("/auth/sessions").list().at(1).at("current").as_bool());
    CHECK(zoe.get("/auth/sessions?limit=1&count=true").header("X-Total-Count") == "2");
    CHECK(Client(server).get("/auth/sessions").told() == "401 token_missing");
}

TEST_CASE("a refresh moves the end of a session; one past its end is not shown and not refreshed") {
    RunningServer server(Flags{{"jwt-expires-in", "366d"}});
    auto zoe = server.person("zoe");
    Client client(server);
    server.clock.advance(session_idle_max);
    const auto next = client.post("/auth/refresh", {{"refresh_token", zoe.refresh_token}});
    REQUIRE(next.status == 200);
    CHECK(zoe.get("/auth/sessions").list().at(0).at("refreshed_at") == json::value("2024-04-13T12:00:00Z"));
    // The access token may be longer-lived than the idle time: then the session is, too.
    CHECK(zoe.get("/auth/sessions").list().at(0).at("expires_at") == json::value("2025-04-14T12:00:00Z"));
    server.clock.advance(session_idle_max + std::chrono::milliseconds(1));
    CHECK(client.post("/auth/refresh", {{"refresh_token", next.text("refresh_token")}}).told() ==
          "401 invalid_refresh_token");
    auto later = with_token(server, log_in(server, "zoe"));
    server.clock.advance(std::chrono::days(366) - session_idle_max);
    CHECK(later.get("/auth/sessions").list().size() == 1);
}

TEST_CASE("ending a session refuses its tokens and closes its sockets") {
    RunningServer server;
    auto zoe = server.person("zoe");
    const auto login = log_in(server, "zoe");
    auto there = with_token(server, login);
    SocketClient socket(server.port(), "/ws?token=" + there.token);
    next_of(socket, "initial");
    auto mine = zoe.socket();
    next_of(mine, "initial");
    const auto theirs = zoe.get("/auth/sessions").list().at(0);
    REQUIRE_FALSE(theirs.at("current").as_bool());
    CHECK(zoe.del(path_of(theirs)).status == 204);
    CHECK(there.is_signed_out());
    CHECK(Client(server).post("/auth/refresh", {{"refresh_token", login.text("refresh_token")}}).status ==
          401);
    CHECK(last_of(socket).close_code == 4003);
    CHECK(zoe.get("/auth/sessions").list().size() == 1);
    // Again: it has ended, and nothing is recorded.
    const auto head = server.log_head();
    CHECK(zoe.del(path_of(theirs)).status == 204);
    CHECK(server.log_head() == head);
    CHECK(mine.is_quiet_for(std::chrono::milliseconds(20)));
}

TEST_CASE("somebody else's session looks like none, and an admin may end it") {
    RunningServer server;
    auto zoe = server.person("zoe");
    auto malik = server.person("malik");
    const auto path = path_of(zoe.get("/auth/sessions").list().at(0));
    const auto others = malik.del(path);
    const auto none = malik.del("/auth/sessions/999");
    CHECK(others.told() == "404 not_found");
    CHECK(others["detail"] == none["detail"]);
    CHECK(Client(server).del(path).status == 401);
    CHECK(zoe.get("/auth/me").status == 200);
    CHECK(as_admin(server, malik).del(path).status == 204);
    CHECK(zoe.is_signed_out());
}

TEST_CASE("changing the password ends all other sessions with their sockets, and this one goes on") {
    RunningServer server;
    auto zoe = server.person("zoe");
    auto malik = server.person("malik");
    const auto login = log_in(server, "zoe");
    auto there = with_token(server, login);
    SocketClient theirs(server.port(), "/ws?token=" + there.token);
    auto mine = zoe.socket();
    next_of(theirs, "initial");
    next_of(mine, "initial");
    CHECK(change(zoe, password, new_password).status == 204);
    CHECK(there.is_signed_out());
    CHECK(Client(server).post("/auth/refresh", {{"refresh_token", login.text("refresh_token")}}).status ==
          401);
    CHECK(last_of(theirs).close_code == 4003);
    CHECK(zoe.get("/auth/sessions").list().size() == 1);
    CHECK(malik.get("/auth/me").status == 200);
    CHECK(Client(server).post("/auth/refresh", {{"refresh_token", zoe.refresh_token}}).status == 200);
    CHECK(mine.is_quiet_for(std::chrono::milliseconds(20)));
    CHECK(log_in(server, "zoe").told() == "401 invalid_credentials");
    CHECK(log_in(server, "zoe", new_password).status == 200);
    server.restart();
    CHECK(log_in(server, "zoe", new_password).status == 200);
}

TEST_CASE("a password is changed only by whoever knows the old one, to a good one") {
    RunningServer server;
    auto zoe = server.person("zoe");
    const auto head = server.log_head();
    CHECK(change(zoe, "a guess of mine", new_password).told() == "403 wrong_password");
    CHECK(change(zoe, std::string(73, 'x'), new_password).told() == "403 wrong_password");
    for (const auto& [bad, code] : std::map<std::string, std::string>{{"short", "too_short"},
                                                                      {"iLoveYou", "too_common"},
                                                                      {std::string(73, 'x'), "too_long"},
                                                                      {password, "unchanged"}}) {
        const auto answer = change(zoe, password, bad);
        CHECK_MESSAGE(answer.told() == "422 invalid", bad);
        CHECK(answer["errors"].at(0).at("pointer") == json::value("/new_password"));
        CHECK(answer["errors"].at(0).at("code") == json::value(code));
    }
    Client nobody(server);
    CHECK(change(nobody, password, new_password).told() == "401 token_missing");
    CHECK(server.log_head() == head);
    CHECK(log_in(server, "zoe").status == 200);
}

TEST_CASE("trying old passwords with a found token is slowed down and locks no log-in out") {
    RunningServer server(Flags{{"rate-limit", "on"}});
    auto zoe = server.person("zoe");
    int failures = 0;
    while (failures < 20 && change(zoe, "a guess of mine", new_password).status == 403) ++failures;
    CHECK(failures == 6);
    CHECK(change(zoe, password, new_password).told() == "429 throttled");
    CHECK(log_in(server, "zoe").status == 200);
    server.clock.advance(std::chrono::seconds(1));
    CHECK(change(zoe, password, new_password).status == 204);
}

TEST_CASE("a user has at most 500 sessions: a further log-in ends the oldest") {
    RunningServer server;
    auto zoe = server.person("zoe");
    auto malik = server.person("malik");
    for (std::size_t count = 1; count < sessions_per_user_max; ++count)
        REQUIRE(log_in(server, "zoe").status == 200);
    CHECK(zoe.get("/auth/me").status == 200);
    auto newest = with_token(server, log_in(server, "zoe"));
    CHECK(zoe.is_signed_out());
    CHECK(malik.get("/auth/me").status == 200);
    CHECK(newest.get("/auth/sessions?limit=1&count=true").header("X-Total-Count") == "500");
    CHECK(change(newest, password, new_password).status == 204);
    CHECK(newest.get("/auth/sessions").list().size() == 1);
}

}  // namespace
}  // namespace dacapo::test
