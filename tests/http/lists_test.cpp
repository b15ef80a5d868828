// Pages, their order, their links and totals, and the filters of each list.
#include "tests/support/running_server.hpp"

#include <doctest/doctest.h>

namespace dacapo::test {
namespace {

TEST_CASE("skip and limit cut a page and Link names its neighbours") {
    RunningServer server;
    for (const char* name : {"ana", "ben", "cleo", "dan", "eve"}) server.person(name);
    Client client(server);
    const auto ids = [&](const std::string& query) {
        return column(client.get("/users/" + query).json(), "id");
    };
    CHECK(ids("") == json::array{1, 2, 3, 4, 5});
    CHECK(ids("?limit=2") == json::array{1, 2});
    CHECK(ids("?skip=3&limit=100") == json::array{4, 5});
    CHECK(ids("?skip=5") == json::array{});
    CHECK(ids("?unknown=parameter") == json::array{1, 2, 3, 4, 5});

    const auto middle = client.get("/users/?skip=2&limit=2&count=true");
    CHECK(middle.header("X-Total-Count") == "5");
    CHECK(middle.header("Link") ==
          "<http://api.example/users?count=true&skip=4&limit=2>; rel=\"next\", "
          "<http://api.example/users?count=true&skip=0&limit=2>; rel=\"prev\"");
    const auto last = client.get("/users/?skip=4&limit=2");
    CHECK(last.header("Link").find("next") == std::string::npos);
    CHECK_FALSE(last.has_header("X-Total-Count"));
    CHECK_FALSE(client.get("/users/").has_header("Link"));
}

TEST_CASE("messages come newest first and boxes hold their owner's alone") {
    RunningServer server;
    auto zoe = server.person("zoe");
    auto malik = server.person("malik");
    auto ines = server.person("ines");
    json::array sent;
    for (auto* sender : {&malik, &ines, &malik}) {
        sent.insert(sent.begin(), sender->message(zoe, "Hello")["id"]);
        server.clock.advance(std::chrono::milliseconds(1));
    }
    CHECK(column(zoe.get("/messages/received").json(), "id") == sent);
    CHECK(column(zoe.get("/messages/received?skip=1&limit=1&count=true").json(), "id") ==
          json::array{sent[1]});
    CHECK(column(malik.get("/messages/sent").json(), "id") == json::array{sent[0], sent[2]});
    CHECK(column(ines.get("/messages/sent").json(), "id") == json::array{sent[1]});
    CHECK(ines.get("/messages/received").json() == json::array{});
    CHECK(Client(server).get("/messages/received").told() == "401 token_missing");
}

TEST_CASE("reading a message reads what came before it in its conversation") {
    RunningServer server;
    auto zoe = server.person("zoe");
    auto malik = server.person("malik");
    malik.message(zoe, "One");
    const auto two = malik.message(zoe, "Two");
    malik.message(zoe, "Three");
    zoe.put("/messages/" + std::to_string(two.number("id")) + "/read");
    CHECK(zoe.get("/auth/me").number("unread_messages") == 1);
    json::array read;
    for (const auto& one : malik.get("/messages/sent").list())
        if (one.at("is_read").as_bool()) read.push_back(one.at("content"));
    CHECK(read.size() == 2);
}

TEST_CASE("a message may be about an event and needs a receiver") {
    RunningServer server;
    auto zoe = server.person("zoe");
    server.person("malik");
    const auto event = zoe.create_event("Jam")["id"];
    const auto about =
        zoe.post("/messages/", {{"content", "Come!"}, {"receiver_id", 2}, {"event_id", event}});
    CHECK(about["event_id"] == event);
    CHECK(zoe.post("/messages/", {{"content", "Come!"}, {"event_id", event}}).told() == "422 invalid");
    CHECK(zoe.post("/messages/", {{"content", "Come!"}, {"receiver_id", 99}}).told() ==
          "404 receiver_not_found");
    CHECK(zoe.post("/messages/", {{"content", "Come!"}, {"receiver_id", 1}}).told() == "422 invalid");
    CHECK(zoe.post("/messages/", {{"content", "Come!"}, {"receiver_id", 2}, {"event_id", 999999}}).told() ==
          "404 event_not_found");
}

TEST_CASE("the filters of events combine") {
    RunningServer server;
    auto zoe = server.person("zoe");
    auto malik = server.person("malik");
    const auto jam = zoe.create_event("Jam à Lyon", {{"type", "jam"}});
    const auto concert = zoe.create_event("Concert", {{"type", "concert"}, {"date", "2024-04-01T20:00:00"}});
    const auto other = malik.create_event("Été", {{"date", "2024-05-01T20:00:00"}, {"location", "Lyon"}});
    const auto titles = [&](Client& who, const std::string& query) {
        return column(who.get("/events/" + query).json(), "title");
    };
    Client anyone(server);
    CHECK(titles(anyone, "") == json::array{"Jam à Lyon", "Concert", "Été"});
    CHECK(titles(anyone, "?sort=-starts_at") == json::array{"Été", "Concert", "Jam à Lyon"});
    CHECK(titles(anyone, "?q=a%20lyon") == json::array{"Jam à Lyon"});
    CHECK(titles(anyone, "?q=ETE") == json::array{"Été"});
    CHECK(titles(anyone, "?q=LYON") == json::array{"Jam à Lyon", "Concert", "Été"});  // also in the location
    CHECK(titles(anyone, "?type=concert") == json::array{"Concert"});
    CHECK(titles(anyone, "?type=concert&q=jam") == json::array{});
    CHECK(titles(anyone, "?organizer=2") == json::array{"Été"});
    CHECK(titles(anyone, "?from=2024-04-01") == json::array{"Concert", "Été"});
    CHECK(titles(anyone, "?from=2024-04-01&to=2024-04-02") == json::array{"Concert"});
    CHECK(titles(anyone, "?skip=1&limit=1") == json::array{"Concert"});
    CHECK(anyone.get("/events/?mine=true").told() == "401 token_missing");
    CHECK(titles(malik, "?mine=true") == json::array{"Été"});
    malik.join(jam.number("id"));
    CHECK(titles(malik, "?mine=true") == json::array{"Jam à Lyon", "Été"});
    CHECK(column(malik.get("/events/?limit=2").json(), "my_status") == json::array{"going", nullptr});

    zoe.post("/events/" + std::to_string(concert.number("id")) + "/cancel");
    CHECK(titles(anyone, "") == json::array{"Jam à Lyon", "Été"});
    CHECK(titles(anyone, "?status=cancelled") == json::array{"Concert"});
    CHECK(other.status == 200);
}

TEST_CASE("an event whose time is over is past") {
    RunningServer server;
    auto zoe = server.person("zoe");
    const auto made = zoe.create_event("Jam", {{"ends_at", "2024-03-15T23:00:00"}});
    const auto path = "/events/" + std::to_string(made.number("id"));
    server.clock.set(testing::ManualClock::noon + std::chrono::hours(48));
    CHECK(comes_true([&] { return zoe.get(path).text("status") == "past"; }));
    CHECK(zoe.get("/events/").json() == json::array{});
    CHECK(column(zoe.get("/events/?status=past").json(), "title") == json::array{"Jam"});
    CHECK(server.person("malik").join(made.number("id")).told() == "409 event_closed");
    CHECK(zoe.create_event("Jam", {{"date", "2024-03-20T20:00:00"}}).status ==
          200);  // the title is free again
}

TEST_CASE("who sees e-mail addresses is configured") {
    for (const auto& [policy, to_all, to_member] :
         {std::tuple{"public", true, true}, {"members", false, true}, {"self", false, false}}) {
        RunningServer server(Flags{{"profile-email", policy}});
        auto zoe = server.person("zoe");
        auto malik = server.person("malik");
        CHECK(Client(server).get("/users/1")["email"].is_string() == to_all);
        CHECK(malik.get("/users/1")["email"].is_string() == to_member);
        CHECK(zoe.get("/users/1")["email"].is_string());
        CHECK(malik.get("/users/").json().at(0).at("email").is_string() == to_member);
        CHECK(zoe.get("/auth/me")["email"].is_string());
    }
}

TEST_CASE("users are found by folded parts of their names") {
    RunningServer server;
    Client client(server);
    client.post("/register", {{"name", "Zoé Müller"}, {"email", "a@example.org"}, {"password", password}});
    client.post("/register", {{"name", "Malik"}, {"email", "b@example.org"}, {"password", password}});
    CHECK(column(client.get("/users/?q=zoe%20mul").json(), "id") == json::array{1});
    CHECK(column(client.get("/users/?q=LIK").json(), "id") == json::array{2});
    CHECK(client.get("/users/?q=%25").json() == json::array{});
}

}  // namespace
}  // namespace dacapo::test
