// POST /ws/ticket: what keeps access tokens out of URLs.
#include "tests/support/running_server.hpp"

#include <doctest/doctest.h>

namespace dacapo::test {
namespace {

std::string ticket_of(Person& person) {
    const auto answer = person.post("/ws/ticket");
    REQUIRE(answer.status == 200);
    CHECK(answer.number("expires_in") == 30);
    CHECK(answer.header("Cache-Control") == "no-store");
    return answer.text("ticket");
}

}  // namespace

TEST_CASE("a ticket opens a feed once") {
    RunningServer server;
    auto zoe = server.person("zoe");
    const auto ticket = ticket_of(zoe);
    SocketClient socket(server.port(), "/ws?ticket=" + ticket);
    REQUIRE(socket.is_open());
    next_of(socket, "initial");
    zoe.post("/checkins", {{"location_name", "Docks"}});
    CHECK(next_of(socket, "checkIns").at("data").as_array().size() == 1);
    for (const auto& target : {"/ws?ticket=" + ticket, "/ws?token=" + ticket, "/ws/" + ticket})
        CHECK_MESSAGE(SocketClient(server.port(), target).handshake().status == 401, target);
    SocketClient in_path(server.port(), "/ws/" + ticket_of(zoe) + "?topics=messages");
    CHECK(in_path.is_open());
}

TEST_CASE("a question that a feed does not understand spends no ticket") {
    RunningServer server;
    auto zoe = server.person("zoe");
    const auto ticket = ticket_of(zoe);
    CHECK(SocketClient(server.port(), "/ws?topics=weather&ticket=" + ticket).handshake().status == 422);
    CHECK(SocketClient(server.port(), "/ws?ticket=" + ticket).is_open());
}

TEST_CASE("a ticket is good for half a minute") {
    RunningServer server;
    auto zoe = server.person("zoe");
    const auto ticket = ticket_of(zoe);
    const auto late = ticket_of(zoe);
    server.clock.advance(std::chrono::seconds(29));
    CHECK(SocketClient(server.port(), "/ws?ticket=" + ticket).is_open());
    server.clock.advance(std::chrono::seconds(1));
    CHECK(SocketClient(server.port(), "/ws?ticket=" + late).handshake().status == 401);
}

TEST_CASE("a ticket is worth nothing after its session") {
    RunningServer server;
    auto zoe = server.person("zoe");
    const auto early = ticket_of(zoe);
    const auto ticket = ticket_of(zoe);
    SocketClient socket(server.port(), "/ws?ticket=" + early);
    next_of(socket, "initial");
    CHECK(zoe.post("/auth/logout").status == 200);
    SocketMessage last;
    do last = socket.receive();
    while (last.opcode == 1);
    CHECK(last.close_code == 4003);
    CHECK(SocketClient(server.port(), "/ws?ticket=" + ticket).handshake().status == 401);
}

TEST_CASE("a feed that a ticket opened ends with the token that asked for it") {
    RunningServer server(Flags{{"jwt-expires-in", "1h"}});
    auto zoe = server.person("zoe");
    SocketClient socket(server.port(), "/ws?ticket=" + ticket_of(zoe));
    next_of(socket, "initial");
    server.clock.advance(std::chrono::hours(1));
    SocketMessage last;
    do last = socket.receive();
    while (last.opcode == 1);
    CHECK(last.close_code == 4202);
}

TEST_CASE("a ticket is no access token and needs one") {
    RunningServer server;
    auto zoe = server.person("zoe");
    Client client(server);
    CHECK(client.post("/ws/ticket").told() == "401 token_missing");
    client.token = ticket_of(zoe);
    CHECK(client.get("/auth/me").status == 401);
    CHECK(client.post("/ws/ticket").status == 401);
    CHECK(client.post("/auth/refresh", {{"refresh_token", client.token}}).status == 401);
    CHECK(SocketClient(server.port(), "/ws?ticket=" + zoe.refresh_token).handshake().status == 401);
}

TEST_CASE("no ticket is written to a log") {
    RunningServer server(Flags{{"log-level", "debug"}});
    auto zoe = server.person("zoe");
    const auto ticket = ticket_of(zoe);
    for (const auto& target : {"/ws?ticket=" + ticket, "/ws/" + ticket})
        SocketClient(server.port(), target).handshake();
    server.stop();
    CHECK(server.logged().find(ticket) == std::string::npos);
    CHECK(server.logged().find("/ws") != std::string::npos);
}

TEST_CASE("a ticket from before a restart does not open a second feed") {
    RunningServer server;
    auto zoe = server.person("zoe");
    const auto ticket = ticket_of(zoe);
    CHECK(SocketClient(server.port(), "/ws?ticket=" + ticket).is_open());
    server.clock.advance(std::chrono::milliseconds(1));
    server.restart();
    CHECK(SocketClient(server.port(), "/ws?ticket=" + ticket).handshake().status == 401);
    CHECK(SocketClient(server.port(), "/ws?ticket=" + ticket_of(zoe)).is_open());
}

}  // namespace dacapo::test
