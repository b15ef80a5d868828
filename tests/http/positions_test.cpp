// Read your writes: Dacapo-Position as header, cookie and parameter; and that a read after a command is never
// stale.
#include "tests/support/kafka.hpp"
#include "tests/support/postgres.hpp"
#include "tests/support/running_server.hpp"

#include <doctest/doctest.h>
#include <thread>

namespace dacapo::test {
namespace {

TEST_CASE("clients who come over TLS send the position's cookie over nothing else") {
    RunningServer server(Flags{{"public-url", "https://api.example"}});
    auto zoe = server.person("zoe");
    CHECK(zoe.create_event("Jam").header("Set-Cookie").ends_with("; Secure"));
}

TEST_CASE("the answer to a command carries its position as header and cookie") {
    RunningServer server;
    auto zoe = server.person("zoe");
    const auto made = zoe.create_event("Jam");
    const auto position = made.header("Dacapo-Position");
    REQUIRE_FALSE(position.empty());
    CHECK(made.header("Set-Cookie").starts_with("dacapo-position=" + position + ";"));
    CHECK(made.header("Set-Cookie").find("HttpOnly") != std::string::npos);
    CHECK(made.header("Set-Cookie").find("Secure") == std::string::npos);
    const auto path = "/events/" + std::to_string(made.number("id"));
    CHECK(zoe.get(path, header("Dacapo-Position", position)).status == 200);
    CHECK(zoe.get(path, header("Cookie", "theme=dark; dacapo-position=" + position)).status == 200);
    CHECK(zoe.get(path + "?after=" + position).status == 200);
    const auto later = zoe.create_event("Jam 2").header("Dacapo-Position");
    CHECK(zoe.get(path + "?after=" + position, header("Dacapo-Position", position + ", " + later)).status ==
          200);
    CHECK_FALSE(zoe.get(path).has_header("Dacapo-Lag"));
}

TEST_CASE("a position of another log is 400 and a broken cookie is taken back") {
    RunningServer server;
    Client client(server);
    CHECK(client.get("/users/", header("Dacapo-Position", "0123456789abcdef.0-1")).told() ==
          "400 position_unknown");
    CHECK(client.get("/users/?after=nonsense").told() == "400 position_unknown");
    const auto answer = client.get("/users/", header("Cookie", "dacapo-position=0123456789abcdef.0-1"));
    CHECK(answer.told() == "400 position_unknown");
    CHECK(answer.header("Set-Cookie").find("Max-Age=0") != std::string::npos);
}

TEST_CASE("a position that is far ahead is 504 and says how far") {
    RunningServer server;
    auto zoe = server.person("zoe");
    auto position = zoe.create_event("Jam").header("Dacapo-Position");
    position.resize(position.rfind('-') + 1);
    const auto answer = zoe.get("/events/", header("Dacapo-Position", position + "1000000"));
    CHECK(answer.told() == "504 not_there_yet");
    CHECK(answer.text("detail").find("9999") != std::string::npos);
}

TEST_CASE("what was posted is there in the next read however often") {
    // A thousand in all; fewer where each goes through a broker and a database.
    const int times = testing::on_kafka() || testing::on_postgresql() ? 100 : 500;
    RunningServer server;
    auto zoe = server.person("zoe");
    auto malik = server.person("malik");
    for (int i = 1; i <= times; ++i) {
        const auto sent = zoe.message(malik, "Message " + std::to_string(i));
        REQUIRE(sent.status == 200);
        const auto unread = malik.get("/auth/me").number("unread_messages");
        REQUIRE(unread == i);
        const auto list = malik.get("/messages/received?limit=1").json();
        REQUIRE(list.at(0).at("id") == sent["id"]);
    }
    for (int i = 1; i <= times; ++i) {
        const auto made = zoe.create_event("Jam " + std::to_string(i));
        REQUIRE(made.status == 200);
        REQUIRE(malik.get("/events/" + std::to_string(made.number("id"))).status == 200);
        REQUIRE(malik.get("/events/?count=true&limit=1").header("X-Total-Count") == std::to_string(i));
    }
}

// Each on a connection and thread of their own.
void do_everything(RunningServer& server, Person& self, const Person& other, std::int64_t event_id,
                   int rounds, std::string& fault) {
    const auto expect = [&](bool holds, const char* what) {
        if (!holds && fault.empty()) fault = self.username + ": " + what;
    };
    const auto event = "/events/" + std::to_string(event_id);
    for (int i = 0; i < rounds && fault.empty(); ++i) {
        expect(self.join(event_id).status == 200, "join");
        expect(self.get(event).text("my_status") == "going", "my_status after joining");
        const auto sent = self.message(other, "Round " + std::to_string(i));
        expect(sent.status == 200, "message");
        expect(self.get("/messages/sent").json().at(0).at("id") == sent["id"],
               "the message sent last comes first");
        const auto here = self.post("/checkins", {{"location_name", "Round " + std::to_string(i)}});
        expect(here.status == 200, "check-in");
        bool listed = false;
        for (const auto& one : self.get("/checkins").list()) listed = listed || one.at("id") == here["id"];
        expect(listed, "the check-in is listed");
        expect(self.post(event + "/leave").status == 204, "leave");
        expect(self.get(event)["my_status"].is_null(), "my_status after leaving");
        server.clock.advance(std::chrono::milliseconds(1));
    }
}

TEST_CASE(
    "a socket that comes back with its last position gets what it missed, also from a server started anew") {
    RunningServer server;
    auto zoe = server.person("zoe");
    auto malik = server.person("malik");
    std::string position;
    {
        auto socket = zoe.socket();
        next_of(socket, "initial");
        malik.message(zoe, "one");
        position = json::value_to<std::string>(next_of(socket, "new_message").at("position"));
    }
    malik.message(zoe, "two");
    server.restart();
    malik.message(zoe, "three");
    auto socket = zoe.socket("&since=" + position);
    CHECK(next_of(socket, "initial").at("recovered").as_bool());
    for (const char* const content : {"two", "three"}) {
        const auto frame = next_of(socket, "new_message");
        CHECK(frame.at("message").at("content").as_string() == content);
        position = json::value_to<std::string>(frame.at("position"));
    }
    auto again = zoe.socket("&since=" + position);
    CHECK(next_of(again, "initial").at("recovered").as_bool());
    malik.message(zoe, "four");
    CHECK(next_of(again, "new_message").at("message").at("content").as_string() == "four");
    CHECK(zoe.socket("&since=yesterday").handshake().status == 422);
}

TEST_CASE("two users at once see their own and each other's effects") {
    constexpr int rounds = 50;
    RunningServer server;
    auto host = server.person("host");
    auto zoe = server.person("zoe");
    auto malik = server.person("malik");
    const auto event_id = host.create_event("Jam").number("id");
    std::string zoe_fault, malik_fault;
    std::thread one([&] { do_everything(server, zoe, malik, event_id, rounds, zoe_fault); });
    std::thread other([&] { do_everything(server, malik, zoe, event_id, rounds, malik_fault); });
    one.join();
    other.join();
    CHECK(zoe_fault == "");
    CHECK(malik_fault == "");
    CHECK(zoe.get("/messages/received").json().as_array().size() == rounds);
    CHECK(zoe.get("/messages/received").body == malik.get("/messages/sent").body);
    CHECK(malik.get("/messages/received").body == zoe.get("/messages/sent").body);
    const auto here = zoe.get("/checkins").json();
    CHECK(here.as_array().size() == 2);
    CHECK(malik.get("/checkins").json() == here);
    CHECK(host.get("/events/" + std::to_string(event_id)).number("participant_count") == 1);
}

}  // namespace
}  // namespace dacapo::test
