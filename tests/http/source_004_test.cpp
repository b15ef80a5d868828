// What document 004 promises: its paths under /api, its bodies, and the frames of its WebSocket.
#include "tests/support/running_server.hpp"

#include <doctest/doctest.h>

namespace dacapo::test {
namespace {

const json::value studio{
    {"locationName", "Studio Bleu"}, {"statusEmoji", "🎷"}, {"message", "Until midnight"}};

TEST_CASE("004: register and login under /api/auth answer a token and the user") {
    RunningServer server;
    Client client(server);
    const auto answer = client.post(
        "/api/auth/register", {{"name", "Zoé Martin"}, {"email", "zoe@example.org"}, {"password", password}});
    REQUIRE(answer.status == 200);
    CHECK(answer["token"] == answer["access_token"]);
    CHECK(differences(answer["user"],
                      {{"id", 1}, {"email", "zoe@example.org"}, {"full_name", "Zoé Martin"}}) == "");
    CHECK_FALSE(answer["user"].at("username").as_string().empty());

    const auto again =
        client.post("/api/auth/register",
                    {{"name", "Zoé Martin"}, {"email", "zoe2@example.org"}, {"password", password}});
    REQUIRE(again.status == 200);  // A username made from a name is made unique.
    CHECK(again["username"] != answer["username"]);

    const auto login = client.post("/api/auth/login", {{"email", "zoe@example.org"}, {"password", password}});
    REQUIRE(login.status == 200);
    CHECK(login["user"] == answer["user"]);
    client.token = login.text("token");
    CHECK(client.get("/api/auth/me").number("id") == 1);
    CHECK(client.get("/api/users/").json().as_array().size() == 2);
}

TEST_CASE("004: the creator of an event is its participant") {
    RunningServer server;
    auto zoe = server.person("zoe");
    const auto made = zoe.post("/api/events", {{"title", "Jam"},
                                               {"description", ""},
                                               {"event_date", "2024-03-15T20:00:00"},
                                               {"location", "Docks"}});
    REQUIRE(made.status == 200);
    CHECK(differences(made.json(), {{"participant_count", 1},
                                    {"hosts", json::array{1}},
                                    {"created_by", 1},
                                    {"date", "2024-03-15T20:00:00"},
                                    {"my_status", "going"}}) == "");
    const auto path = "/api/events/" + std::to_string(made.number("id"));
    CHECK(column(Client(server).get(path + "/participants").json(), "user_id") == json::array{1});
    CHECK(zoe.get(path).json() == made.json());
    CHECK(Client(server).get(path)["my_status"].is_null());
}

TEST_CASE("004: a check-in is created and listed and replaced and deleted") {
    RunningServer server;
    auto zoe = server.person("zoe");
    auto malik = server.person("malik");
    const auto made = zoe.post("/api/checkins", studio);
    REQUIRE(made.status == 200);
    json::object shown{{"id", made.number("id")},
                       {"user_id", 1},
                       {"username", "zoe"},
                       {"location_name", "Studio Bleu"},
                       {"latitude", nullptr},
                       {"longitude", nullptr},
                       {"status_emoji", "🎷"},
                       {"message", "Until midnight"},
                       {"event_id", nullptr},
                       {"created_at", "2024-03-14T12:00:00Z"},
                       {"expires_at", "2024-03-15T12:00:00Z"},
                       {"active", true}};
    CHECK(made.json() == shown);
    CHECK(malik.get("/api/checkins").json() == json::array{shown});

    const auto next =
        zoe.post("/api/checkins", {{"location_name", "Docks"}, {"latitude", 45.7}, {"longitude", 4.8}});
    CHECK(column(malik.get("/api/checkins").json(), "id") == json::array{next.number("id")});
    shown["active"] = false;
    CHECK(malik.get("/api/checkins?active=false").json() == json::array{shown});

    const auto path = "/api/checkins/" + std::to_string(next.number("id"));
    CHECK(malik.del(path).told() == "403 not_yours");
    CHECK(zoe.del(path).status == 204);
    CHECK(zoe.del(path).told() == "404 not_found");
    CHECK(malik.get("/api/checkins").json() == json::array{});
    CHECK(malik.get("/api/checkins/user/1").json().as_array().size() == 2);
}

TEST_CASE("004: a check-in expires after 24 hours") {
    RunningServer server;
    auto zoe = server.person("zoe");
    zoe.post("/api/checkins", studio);
    server.clock.advance(std::chrono::hours(24) - std::chrono::seconds(1));
    CHECK(zoe.get("/api/checkins").json().as_array().size() == 1);
    server.clock.advance(std::chrono::seconds(1));
    CHECK(zoe.get("/api/checkins").json().as_array().empty());
    const auto head = server.log_head();
    CHECK(comes_true([&] { return server.log_head() > head; }));  // and the clock records it
    CHECK(zoe.get("/api/checkins/user/1").json().at(0).at("active") == json::value(false));
}

TEST_CASE("004: a WebSocket begins with what is there and is told each change") {
    RunningServer server;
    auto zoe = server.person("zoe");
    auto malik = server.person("malik");
    const auto event = zoe.create_event("Jam");
    const auto id = event.number("id");
    const auto path = "/api/events/" + std::to_string(id);
    const auto check_in = zoe.post("/api/checkins", studio);
    auto socket = malik.socket();
    REQUIRE(socket.is_open());
    const auto first = json::parse(socket.receive_text());
    CHECK(first.at("type") == "initial");
    CHECK(column(first.at("events"), "title") == json::array{"Jam"});
    CHECK(first.at("checkIns") == json::array{check_in.json()});
    CHECK(first.at("unread") == 0);
    CHECK(first.at("position").is_string());

    malik.post("/api/checkins", {{"location_name", "Docks"}});
    CHECK(next_of(socket, "checkIns").at("data").as_array().size() == 2);
    zoe.del("/api/checkins/" + std::to_string(check_in.number("id")));
    CHECK(column(next_of(socket, "checkIns").at("data"), "location_name") == json::array{"Docks"});

    zoe.create_event("Concert");
    CHECK(next_of(socket, "events").at("data").as_array().size() == 2);
    zoe.patch(path, {{"location", "Halle"}});
    const auto changed = next_of(socket, "events").at("data");
    bool seen = false;
    for (const auto& one : changed.as_array()) seen = seen || one.at("location") == "Halle";
    CHECK(seen);
    zoe.del(path);
    CHECK(column(next_of(socket, "events").at("data"), "title") == json::array{"Concert"});
}

TEST_CASE("004: all who are connected are told") {
    RunningServer server;
    auto zoe = server.person("zoe");
    std::vector<SocketClient> sockets;
    for (int i = 0; i < 8; ++i) {
        sockets.push_back(zoe.socket());
        next_of(sockets.back(), "initial");
    }
    zoe.post("/api/checkins", studio);
    for (auto& socket : sockets)
        CHECK(column(next_of(socket, "checkIns").at("data"), "location_name") == json::array{"Studio Bleu"});
}

TEST_CASE("004: GET /api/health answers the server's status") {
    RunningServer server;
    const auto answer = Client(server).get("/api/health");
    CHECK(answer.status == 200);
    CHECK(differences(answer.json(), {{"status", "ok"}, {"timestamp", "2024-03-14T12:00:00Z"}}) == "");
}

}  // namespace
}  // namespace dacapo::test
