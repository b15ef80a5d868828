// Tokens and the sessions behind them: refreshing, reuse, logging out, expiry and forgery.
#include "infra/crypto/digest.hpp"
#include "infra/crypto/token.hpp"
#include "tests/support/running_server.hpp"

#include <doctest/doctest.h>
#include <atomic>
#include <mutex>
#include <set>
#include <thread>

namespace dacapo::test {
namespace {

Answer refresh(Client& client, const std::string& token) {
    return client.post("/auth/refresh", {{"refresh_token", token}});
}

AccessTokens tokens_of(std::string_view secret) {
    return {secret, "dacapo", "dacapo", std::chrono::hours(1)};
}

AccessClaims claims_of(const Person& person) {
    AccessClaims claims;
    claims.user_id = UserId{person.id};
    claims.session_id = SessionId{1};
    claims.position = 1;
    return claims;
}

TEST_CASE("a refresh token gives new tokens and is spent") {
    RunningServer server;
    auto zoe = server.person("zoe");
    Client client(server);
    const auto first = refresh(client, zoe.refresh_token);
    REQUIRE(first.status == 200);
    CHECK(first["token"] == first["access_token"]);
    CHECK(first.text("refresh_token") != zoe.refresh_token);
    client.token = first.text("access_token");
    CHECK(client.get("/auth/me").number("id") == zoe.id);
    CHECK(zoe.get("/auth/me").status == 200);  // the older access token lasts until it expires
}

TEST_CASE("for ten seconds the parent token gives the same successor again") {
    RunningServer server;
    auto zoe = server.person("zoe");
    Client client(server);
    const auto first = refresh(client, zoe.refresh_token);
    server.clock.advance(std::chrono::seconds(10));
    const auto head = server.log_head();
    const auto again = refresh(client, zoe.refresh_token);
    CHECK(again.status == 200);
    CHECK(again["refresh_token"] == first["refresh_token"]);
    CHECK(server.log_head() == head);
    CHECK(refresh(client, first.text("refresh_token")).status == 200);
}

TEST_CASE("a refresh token brought by many at once is spent once, and all get the same successor") {
    RunningServer server;
    auto zoe = server.person("zoe");
    const auto head = server.log_head();
    std::mutex mutex;
    std::set<std::string> successors;
    std::vector<std::thread> threads;
    for (int i = 0; i < 50; ++i)
        threads.emplace_back([&] {
            Client client(server);
            const auto answer = refresh(client, zoe.refresh_token);
            const std::lock_guard lock(mutex);
            successors.insert(answer.status == 200 ? answer.text("refresh_token") : answer.told());
        });
    for (auto& thread : threads) thread.join();
    CHECK(successors.size() == 1);
    CHECK_FALSE(successors.contains(zoe.refresh_token));
    CHECK(server.log_head() == head + 1);
}

TEST_CASE("a token counts in Authorization alone: not in a query, not in a form, not in a cookie") {
    RunningServer server;
    auto zoe = server.person("zoe");
    Client client(server);
    for (const auto* name : {"token", "access_token"})
        CHECK(client.get("/auth/me?" + std::string(name) + "=" + zoe.token).told() == "401 token_missing");
    CHECK(client.get("/auth/me", header("Cookie", "token=" + zoe.token + "; access_token=" + zoe.token))
              .told() == "401 token_missing");
    CHECK(client
              .send("POST", "/auth/logout", "access_token=" + zoe.token,
                    header("Content-Type", "application/x-www-form-urlencoded"))
              .told() == "401 token_missing");
    CHECK(zoe.get("/auth/me").status == 200);
}

TEST_CASE("one e-mail address asked for by many at once is given once") {
    constexpr int people = 24;
    RunningServer server;
    std::atomic<int> given = 0, taken = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < people; ++i)
        threads.emplace_back([&, i] {
            const auto answer =
                Client(server).post("/register", {{"username", "name" + std::to_string(i)},
                                                  {"email", i % 2 ? "Zoe@Example.org" : "zoe@example.org"},
                                                  {"password", password}});
            if (answer.status == 200) ++given;
            if (answer.told() == "400 email_taken") ++taken;
        });
    for (auto& thread : threads) thread.join();
    CHECK(given == 1);
    CHECK(taken == people - 1);
}

TEST_CASE("a parent token after ten seconds ends the whole family") {
    RunningServer server;
    auto zoe = server.person("zoe");
    Client client(server);
    const auto first = refresh(client, zoe.refresh_token);
    server.clock.advance(std::chrono::milliseconds(10'001));
    CHECK(refresh(client, zoe.refresh_token).told() == "401 invalid_refresh_token");
    CHECK(refresh(client, first.text("refresh_token")).told() == "401 invalid_refresh_token");
    CHECK(zoe.is_signed_out());
    client.token = first.text("access_token");
    CHECK(client.is_signed_out());
}

TEST_CASE("a grandparent token ends the family at once") {
    RunningServer server;
    auto zoe = server.person("zoe");
    Client client(server);
    const auto first = refresh(client, zoe.refresh_token);
    const auto second = refresh(client, first.text("refresh_token"));
    REQUIRE(second.status == 200);
    CHECK(refresh(client, zoe.refresh_token).told() == "401 invalid_refresh_token");
    CHECK(refresh(client, second.text("refresh_token")).told() == "401 invalid_refresh_token");
}

TEST_CASE("sessions are apart: the end of one leaves another") {
    RunningServer server;
    auto here = server.person("zoe");
    const auto login = Client(server).post("/login", {{"email", "zoe@example.org"}, {"password", password}});
    Client there(server);
    there.token = login.text("access_token");
    CHECK(here.post("/auth/logout").status == 200);
    CHECK(here.is_signed_out());
    CHECK(there.get("/auth/me").status == 200);
    CHECK(refresh(there, here.refresh_token).status == 401);
    CHECK(refresh(there, login.text("refresh_token")).status == 200);
}

TEST_CASE("logging out closes the sockets of the session with 4003") {
    RunningServer server;
    auto zoe = server.person("zoe");
    const auto login = Client(server).post("/login", {{"username", "zoe"}, {"password", password}});
    auto mine = zoe.socket();
    SocketClient other(server.port(), "/ws/" + login.text("access_token"));
    next_of(mine, "initial");
    next_of(other, "initial");
    zoe.post("/auth/logout");
    SocketMessage last;
    do last = mine.receive();
    while (last.opcode == 1);
    CHECK(last.opcode == 8);
    CHECK(last.close_code == 4003);
    CHECK_FALSE(last.payload.empty());
    Client there(server);
    there.token = login.text("access_token");
    there.post("/checkins", {{"location_name", "Docks"}});
    CHECK(next_of(other, "checkIns").at("data").as_array().size() == 1);
    CHECK(zoe.socket().handshake().status == 401);
}

TEST_CASE("a socket whose token is bad is refused at the handshake with 401") {
    RunningServer server;
    auto zoe = server.person("zoe");
    for (const std::string target : {"/ws/abc", "/ws?token=abc", "/ws?token=", "/ws"}) {
        SocketClient socket(server.port(), target);
        CHECK_MESSAGE(socket.handshake().status == 401, target);
    }
    SocketClient by_header(server.port(), "/ws", header("Authorization", "Bearer " + zoe.token));
    CHECK(by_header.is_open());
    SocketClient under_api(server.port(), "/api/ws/" + zoe.token);
    CHECK(under_api.is_open());
}

TEST_CASE("a token past its time is 401 and a socket on it closes with 4202") {
    RunningServer server(Flags{{"jwt-expires-in", "1h"}});
    auto zoe = server.person("zoe");
    auto socket = zoe.socket();
    next_of(socket, "initial");
    server.clock.advance(std::chrono::hours(1) - std::chrono::seconds(1));
    CHECK(zoe.get("/auth/me").status == 200);
    server.clock.advance(std::chrono::seconds(1));
    CHECK(zoe.get("/auth/me").status == 401);
    CHECK(zoe.create_event("Jam").status == 401);
    SocketMessage last;
    do last = socket.receive();
    while (last.opcode == 1);
    CHECK(last.close_code == 4202);
    Client client(server);
    client.token = refresh(client, zoe.refresh_token).text("access_token");
    CHECK(client.get("/auth/me").status == 200);
}

TEST_CASE("forged tokens are 401 and record nothing") {
    RunningServer server;
    auto zoe = server.person("zoe");
    const auto head = server.log_head();
    const auto now = server.clock.now();
    const auto claims = claims_of(zoe);
    const auto good = tokens_of(server_secret).issue(claims, now);
    Client client(server);
    client.token = good;
    CHECK(client.get("/auth/me").status == 200);  // so that what follows fails for its one difference

    auto unknown_session = claims;
    unknown_session.session_id = SessionId{999};
    auto other_log = claims;
    other_log.session_id = SessionId{999};
    other_log.position = 1'000'000;
    const auto first_dot = good.find('.');
    const auto last_dot = good.rfind('.');
    auto flipped = good;
    flipped[last_dot + 5] = flipped[last_dot + 5] == 'A' ? 'B' : 'A';
    const auto none = base64url(R"({"alg":"none","typ":"at+jwt"})");
    const std::map<std::string, std::string> forged{
        {"another secret", tokens_of("another secret of theirs").issue(claims, now)},
        {"another issuer",
         AccessTokens(server_secret, "other", "dacapo", std::chrono::hours(1)).issue(claims, now)},
        {"another audience",
         AccessTokens(server_secret, "dacapo", "other", std::chrono::hours(1)).issue(claims, now)},
        {"a session that never was", tokens_of(server_secret).issue(unknown_session, now)},
        {"a session of another log", tokens_of(server_secret).issue(other_log, now)},
        {"issued in the future", tokens_of(server_secret).issue(claims, now + std::chrono::hours(2))},
        {"expired", tokens_of(server_secret).issue(claims, now - std::chrono::hours(2))},
        {"one bit of the signature", flipped},
        {"no signature", good.substr(0, last_dot + 1)},
        {"alg none", none + good.substr(first_dot, last_dot - first_dot) + "."},
        {"alg none with a signature", none + good.substr(first_dot)},
        {"four parts", good + ".x"},
        {"too long", std::string(7000, 'a')},
        {"not a token", "abc"}};
    for (const auto& [what, token] : forged) {
        client.token = token;
        const auto answer = client.get("/auth/me");
        CHECK_MESSAGE(answer.status == 401, what);
        CHECK_MESSAGE(client.post("/checkins", {{"location_name", "Docks"}}).status == 401, what);
        CHECK_MESSAGE(answer.has_header("WWW-Authenticate"), what);
    }
    client.token.clear();
    for (const char* scheme : {"Basic em9lOng=", "Bearer", "bearer ", ""})
        CHECK_MESSAGE(client.get("/auth/me", header("Authorization", scheme)).status == 401, scheme);
    CHECK(client.get("/auth/me", header("Authorization", "bEARER " + good)).status == 200);
    CHECK(server.log_head() == head);
}

TEST_CASE("refresh tokens that are none of ours are 401 and record nothing") {
    RunningServer server;
    auto zoe = server.person("zoe");
    const auto head = server.log_head();
    Client client(server);
    auto altered = zoe.refresh_token;
    altered.back() = altered.back() == 'A' ? 'B' : 'A';
    for (const auto& token : {altered, std::string("abc"), std::string(), std::string("dr1.1.x.y"),
                              RefreshTokens("another secret of theirs").issue(SessionId{1}), zoe.token})
        CHECK_MESSAGE(refresh(client, token).told() == "401 invalid_refresh_token", token);
    CHECK(server.log_head() == head);
    CHECK(refresh(client, zoe.refresh_token).status == 200);
}

TEST_CASE("guessing a password is slowed down per name and says until when") {
    RunningServer server(Flags{{"rate-limit", "on"}});
    server.person("zoe");
    server.person("malik");
    Client client(server);
    const auto log_in = [&](const std::string& email, const std::string& secret) {
        return client.post("/login", {{"email", email}, {"password", secret}});
    };
    int failures = 0;
    while (failures < 20 && log_in("zoe@example.org", "a guess").status == 401) ++failures;
    CHECK(failures == 6);
    const auto refused = log_in("zoe@example.org", password);
    CHECK(refused.told() == "429 throttled");
    const auto wait_s = std::stoi(refused.header("Retry-After"));
    CHECK(wait_s >= 1);
    CHECK(log_in("malik@example.org", password).status == 200);
    server.clock.advance(std::chrono::seconds(wait_s));
    CHECK(log_in("zoe@example.org", password).status == 200);
    CHECK(log_in("zoe@example.org", "a guess").status == 401);
}

}  // namespace
}  // namespace dacapo::test
