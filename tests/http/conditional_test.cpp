// ETag, If-None-Match, If-Match and Idempotency-Key.
#include "tests/support/running_server.hpp"

#include <doctest/doctest.h>
#include <algorithm>
#include <atomic>
#include <future>
#include <set>
#include <thread>

namespace dacapo::test {
namespace {

std::string event_path(const Answer& made) { return "/events/" + std::to_string(made.number("id")); }

TEST_CASE("an ETag that still holds answers 304 without a body") {
    RunningServer server;
    auto zoe = server.person("zoe");
    const auto made = zoe.create_event("Jam");
    const auto path = event_path(made);
    for (const auto& target :
         {path, std::string("/events/"), std::string("/users/1"), std::string("/auth/me")}) {
        const auto tag = zoe.get(target).header("ETag");
        REQUIRE_FALSE(tag.empty());
        const auto again = zoe.get(target, header("If-None-Match", tag));
        CHECK_MESSAGE(again.status == 304, target);
        CHECK(again.body.empty());
        CHECK(again.header("ETag") == tag);
        CHECK(zoe.get(target, header("If-None-Match", "\"other\", W/" + tag)).status == 304);
        CHECK(zoe.get(target, header("If-None-Match", "*")).status == 304);
        CHECK(zoe.get(target, header("If-None-Match", "\"other\"")).status == 200);
    }
}

TEST_CASE("an ETag changes with everything shown") {
    RunningServer server;
    auto zoe = server.person("zoe");
    auto malik = server.person("malik");
    const auto made = zoe.create_event("Jam");
    const auto path = event_path(made);
    auto tag = malik.get(path).header("ETag");
    const auto changed = [&] {
        const auto before = std::exchange(tag, malik.get(path).header("ETag"));
        return tag != before;
    };
    CHECK_FALSE(changed());
    malik.join(made.number("id"));
    CHECK(changed());
    zoe.patch(path, {{"location", "Halle"}});
    CHECK(changed());
    zoe.post(path + "/cancel");
    CHECK(changed());
    CHECK(zoe.get(path).header("ETag") == malik.get(path).header("ETag"));             // both are going
    CHECK(Client(server).get(path).header("ETag") != malik.get(path).header("ETag"));  // nobody's my_status
}

TEST_CASE("a change whose If-Match no longer holds is 412 and records nothing") {
    RunningServer server;
    auto zoe = server.person("zoe");
    const auto made = zoe.create_event("Jam");
    const auto path = event_path(made);
    const auto tag = zoe.get(path).header("ETag");
    CHECK(zoe.patch(path, {{"location", "One"}}, header("If-Match", tag)).status == 200);
    const auto head = server.log_head();
    CHECK(zoe.patch(path, {{"location", "Two"}}, header("If-Match", tag)).told() ==
          "412 precondition_failed");
    CHECK(zoe.patch(path, {{"location", "Two"}}, header("If-Match", "\"v1\"")).told() ==
          "412 precondition_failed");
    CHECK(zoe.del(path, header("If-Match", tag)).told() == "412 precondition_failed");
    CHECK(zoe.del(path, header("If-Match", "\"v1\"")).told() == "412 precondition_failed");
    CHECK(server.log_head() == head);
    CHECK(zoe.patch(path, {{"location", "Two"}}, header("If-Match", "\"v2\"")).number("version") == 3);
    CHECK(zoe.patch(path, {{"location", "Three"}}, header("If-Match", "*")).number("version") == 4);
    CHECK(zoe.patch(path, {{"location", "Four"}}, header("If-Match", "\"v3\", \"v4\"")).status == 200);
    CHECK(zoe.del(path, header("If-Match", zoe.get(path).header("ETag"))).status == 204);
}

TEST_CASE(
    "where the document names no Idempotency-Key, none is looked at, and elsewhere one that is none is 400") {
    RunningServer server;
    auto zoe = server.person("zoe");
    const auto document = zoe.get("/openapi.json").json();
    std::set<std::string> without;
    for (const auto& [pattern, methods] : document.at("paths").as_object())
        for (const auto& [method, operation] : methods.as_object()) {
            if (method == "get") continue;
            const auto* parameters = operation.as_object().if_contains("parameters");
            const auto is_key = [](const auto& one) {
                return one.at("name") == json::value("Idempotency-Key");
            };
            const bool named = parameters && std::ranges::any_of(parameters->as_array(), is_key);
            if (!named) without.insert(std::string(pattern));
        }
    CHECK(without == std::set<std::string>{"/auth/login", "/auth/logout", "/auth/password", "/auth/refresh",
                                           "/login", "/ws/ticket"});
    const auto no_key = header("Idempotency-Key", "\"un");
    const json::object login{{"username", "zoe"}, {"password", password}};
    CHECK(Client(server).post("/login", login, no_key).status == 200);
    CHECK(Client(server).post("/auth/refresh", {{"refresh_token", zoe.refresh_token}}, no_key).status == 200);
    const json::object change{{"old_password", password}, {"new_password", "another battery"}};
    CHECK(zoe.post("/auth/password", change, no_key).status == 204);
    CHECK(zoe.send("POST", "/auth/logout", {}, no_key).status == 200);
    auto malik = server.person("malik");
    for (const char* none : {"\"un", "\"\"", ""})
        CHECK_MESSAGE(
            malik.post("/checkins", {{"location_name", "Docks"}}, header("Idempotency-Key", none)).told() ==
                "400 invalid_idempotency_key",
            none);
}

TEST_CASE("of many who change the same version at once exactly one does") {
    constexpr int writers = 50;
    RunningServer server;
    auto zoe = server.person("zoe");
    const auto path = event_path(zoe.create_event("Jam"));
    std::atomic<int> changed = 0, late = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < writers; ++i)
        threads.emplace_back([&, i] {
            Client writer(server);
            writer.token = zoe.token;
            const auto answer = writer.patch(path, {{"location", "Place " + std::to_string(i)}},
                                             header("If-Match", "\"v1\""));
            if (answer.status == 200) ++changed;
            if (answer.told() == "412 precondition_failed") ++late;
        });
    for (auto& thread : threads) thread.join();
    CHECK(changed == 1);
    CHECK(late == writers - 1);
    CHECK(zoe.get(path).number("version") == 2);
}

TEST_CASE("If-Match compares strongly, and only for whoever may change what is there") {
    RunningServer server;
    auto zoe = server.person("zoe");
    auto malik = server.person("malik");
    const auto path = event_path(zoe.create_event("Jam"));
    const auto stale = header("If-Match", "\"v7\"");
    const json::object change{{"location", "Hall"}};
    const auto tag = zoe.get(path).header("ETag");
    for (const auto& weak : {std::string("W/\"v1\""), "W/" + tag, std::string("v1")})
        CHECK(zoe.patch(path, change, header("If-Match", weak)).told() == "412 precondition_failed");
    Client anyone(server);
    CHECK(anyone.patch(path, change, stale).told() == "401 token_missing");
    CHECK(anyone.del(path, stale).told() == "401 token_missing");
    CHECK(malik.patch(path, change, stale).told() == "403 not_host");
    CHECK(malik.del(path, stale).told() == "403 not_host");
    CHECK(zoe.patch("/events/999999", change, stale).told() == "404 not_found");
    CHECK(zoe.del("/events/999999", stale).told() == "404 not_found");
    CHECK(zoe.patch(path, change, stale).told() == "412 precondition_failed");
    CHECK(zoe.get(path, {{"If-Match", "\"v7\""}, {"If-None-Match", tag}}).status ==
          304);  // of a read it says nothing
}

TEST_CASE("what is wrong with a body is told before that If-Match no longer holds") {
    RunningServer server;
    auto zoe = server.person("zoe");
    const auto path = event_path(zoe.create_event("Jam"));
    const Headers stale{{"If-Match", "\"v7\""}, {"Content-Type", "application/json"}};
    for (const char* method : {"PUT", "PATCH"}) {
        CHECK(zoe.send(method, path, "{", stale).told() == "400 malformed_json");
        CHECK(zoe.send(method, path, R"({"nobody": 1})", stale).told() == "422 invalid");
    }
    CHECK(zoe.send("PATCH", path, "{}", stale).told() == "412 precondition_failed");
}

TEST_CASE("a host's change does not fail because people have joined since") {
    RunningServer server;
    auto zoe = server.person("zoe");
    auto malik = server.person("malik");
    const auto made = zoe.create_event("Jam");
    const auto path = event_path(made);
    const auto tag = zoe.get(path).header("ETag");
    malik.join(made.number("id"));
    CHECK(zoe.get(path).header("ETag") != tag);
    CHECK(zoe.patch(path, {{"location", "Halle"}}, header("If-Match", "\"v1\"")).status == 200);
    CHECK(zoe.patch(path, {{"location", "Hall"}}, header("If-Match", "\"v1\"")).told() ==
          "412 precondition_failed");
    CHECK(zoe.patch(path, {{"location", "Hall"}}, header("If-Match", tag)).told() ==
          "412 precondition_failed");
}

TEST_CASE("a command repeated under its Idempotency-Key is recorded once and answered the same") {
    RunningServer server;
    auto zoe = server.person("zoe");
    auto malik = server.person("malik");
    const auto key = header("Idempotency-Key", "3f1c-77");
    const json::value event{
        {"title", "Jam"}, {"description", ""}, {"date", "2024-03-15T20:00:00"}, {"location", "Docks"}};
    const auto made = zoe.post("/events/", event, key);
    REQUIRE(made.status == 200);
    const auto join = "/events/" + std::to_string(made.number("id")) + "/join";
    const json::value message{{"content", "Bonjour !"}, {"receiver_id", 1}};
    const auto joined = malik.post(join, json::object{}, key);
    const auto sent = malik.post("/messages/", message, key);
    REQUIRE(joined.status == 200);
    REQUIRE(sent.status == 200);

    const auto head = server.log_head();
    const auto repeats = [&](Person& who, const std::string& path, const json::value& body,
                             const Answer& first) {
        const auto again = who.post(path, body, key);
        CHECK(again.status == 200);
        CHECK(again.body == first.body);
        CHECK(again.header("Dacapo-Position") == first.header("Dacapo-Position"));
        CHECK(again.header("Idempotency-Replayed") == "true");
    };
    repeats(zoe, "/events/", event, made);
    repeats(zoe, "/api/events", event, made);
    repeats(malik, join, json::object{}, joined);
    repeats(malik, "/messages/", message, sent);
    CHECK(server.log_head() == head);

    const json::value other{{"content", "Bonsoir !"}, {"receiver_id", 1}};
    CHECK(malik.post("/messages/", other, key).told() == "422 idempotency_key_reused");
    CHECK(server.log_head() == head);
    // Keys belong to their user and to the path.
    CHECK(zoe.post("/messages/", {{"content", "Salut"}, {"receiver_id", 2}}, key).status == 200);

    server.restart();
    repeats(zoe, "/events/", event, made);
    repeats(malik, "/messages/", message, sent);
}

TEST_CASE("the log keeps nothing by which the password of a keyed registration could be guessed") {
    RunningServer server;
    Client client(server);
    const json::object body{{"username", "zoe"}, {"email", "zoe@example.org"}, {"password", password}};
    const auto key = header("Idempotency-Key", "3f1c-78");
    const auto made = client.post("/register", body, key);
    REQUIRE(made.status == 200);
    auto guessed = body;
    guessed["password"] = "another right guess";
    const auto again = client.post("/register", guessed, key);
    CHECK(again.status == 200);  // The same to the log, whatever the password; no token comes with it.
    CHECK(again.header("Idempotency-Replayed") == "true");
    CHECK(again["access_token"].is_null());
    guessed["email"] = "malik@example.org";
    CHECK(client.post("/register", guessed, key).told() == "422 idempotency_key_reused");
}

TEST_CASE("a change that excludes what is there is refused") {
    RunningServer server;
    auto zoe = server.person("zoe");
    const auto path = "/events/" + std::to_string(zoe.create_event("Jam").number("id"));
    const json::value change{{"location", "Halle"}};
    CHECK(zoe.patch(path, change, header("If-None-Match", "*")).told() == "412 precondition_failed");
    CHECK(zoe.patch(path, change, header("If-None-Match", "\"v1\"")).told() == "412 precondition_failed");
    CHECK(zoe.patch(path, change, header("If-None-Match", "\"v7\"")).status == 200);
    CHECK(zoe.del(path, header("If-None-Match", "*")).told() == "412 precondition_failed");
}

TEST_CASE("a refused command frees its Idempotency-Key") {
    RunningServer server;
    auto zoe = server.person("zoe");
    auto malik = server.person("malik");
    const auto key = header("Idempotency-Key", "\"k1\"");
    CHECK(malik.post("/events/1/join", json::object{}, key).status == 404);
    const auto made = zoe.create_event("Jam", {{"capacity", 1}});
    const auto path = event_path(made) + "/participation";
    CHECK(zoe.post(path, json::object{}, key).told() == "409 already_joined");
    CHECK(malik.post(path, json::object{}, key).text("status") == "waitlisted");
    CHECK(malik.post(path, json::object{}, key).text("status") == "waitlisted");
    CHECK(malik.post(path, json::object{}, header("Idempotency-Key", "two words")).told() ==
          "400 invalid_idempotency_key");
    CHECK(malik.post(path, json::object{}, header("Idempotency-Key", std::string(256, 'k'))).told() ==
          "400 invalid_idempotency_key");
}

TEST_CASE("one Idempotency-Key sent by many at once is recorded once") {
    RunningServer server;
    auto zoe = server.person("zoe");
    const auto malik = server.person("malik");
    zoe.message(malik, "Salut !");  // On Kafka a shard's first record is not its first position.
    const auto head = server.log_head();
    std::vector<std::future<std::string>> answers;
    for (int i = 0; i < 8; ++i)
        answers.push_back(std::async(std::launch::async, [zoe_token = zoe.token, &server] {
            Client client(server);
            client.token = zoe_token;
            return client
                .post("/messages/", {{"content", "Bonjour !"}, {"receiver_id", 2}},
                      header("Idempotency-Key", "k"))
                .body;
        }));
    const auto first = answers[0].get();
    for (std::size_t i = 1; i < answers.size(); ++i) CHECK(answers[i].get() == first);
    CHECK(server.log_head() == head + 1);
}

TEST_CASE("a message sent again under its client_id stays one message") {
    RunningServer server;
    auto zoe = server.person("zoe");
    server.person("malik");
    const json::value body{{"content", "Bonjour !"}, {"receiver_id", 2}, {"client_id", "c-1"}};
    const auto first = zoe.post("/messages/", body);
    CHECK(first.text("client_id") == "c-1");
    CHECK(zoe.post("/messages/", body).body == first.body);
    CHECK(zoe.get("/messages/sent").json().as_array().size() == 1);
}

}  // namespace
}  // namespace dacapo::test
