// What holds for all routes alike: two prefixes, trailing slashes, HEAD, OPTIONS, CORS, 404, 405, 426.
#include "tests/support/running_server.hpp"

#include <doctest/doctest.h>
#include <algorithm>

namespace dacapo::test {
namespace {

struct Stage {
    Stage() : zoe(server.person("zoe")), malik(server.person("malik")) {
        event_id = zoe.create_event("Jam").number("id");
        session_id = zoe.get("/auth/sessions").list().at(0).at("id").as_int64();
        message_id = malik.message(zoe, "Bonjour !").number("id");
        check_in_id = zoe.post("/checkins", {{"location_name", "Docks"}}).number("id");
        auto admin = as_admin(server, malik);
        instrument_id = admin.post("/instruments", {{"name", "Oud"}}).number("id");
        genre_id = admin.post("/genres", {{"name", "Raï"}}).number("id");
    }
    // A path that exists, for a documented pattern.
    std::string path_of(std::string pattern) const {
        const std::map<std::string, std::int64_t> ids{
            {"{event_id}", event_id},           {"{user_id}", zoe.id},
            {"{message_id}", message_id},       {"{checkin_id}", check_in_id},
            {"{instrument_id}", instrument_id}, {"{genre_id}", genre_id},
            {"{session_id}", session_id}};
        for (const auto& [name, id] : ids)
            if (const auto at = pattern.find(name); at != pattern.npos)
                pattern.replace(at, name.size(), std::to_string(id));
        REQUIRE_MESSAGE(pattern.find('{') == pattern.npos, pattern);
        return pattern;
    }
    // Operations as (method, path).
    std::vector<std::pair<std::string, std::string>> operations() const {
        std::vector<std::pair<std::string, std::string>> all;
        for (const auto& name : server.documented.operations()) {
            const auto space = name.find(' ');
            std::string method = name.substr(0, space);
            std::ranges::transform(method, method.begin(), [](char c) { return static_cast<char>(c - 32); });
            all.emplace_back(method, path_of(name.substr(space + 1)));
        }
        return all;
    }

    RunningServer server;
    Person zoe;
    Person malik;
    std::int64_t event_id = 0;
    std::int64_t session_id = 0;
    std::int64_t message_id = 0;
    std::int64_t check_in_id = 0;
    std::int64_t instrument_id = 0;
    std::int64_t genre_id = 0;
};

TEST_CASE("every route answers the same under / and /api and with a trailing slash") {
    Stage stage;
    auto& server = stage.server;
    CHECK(server.documented.operations().size() >= 30);
    for (const auto& [method, path] : stage.operations()) {
        // A body that no route takes, so that the same refusal comes each time; reads take none.
        const std::string body = method == "GET" || method == "DELETE" ? "" : "[]";
        const bool changes_without_body =
            path.ends_with("/logout") || method == "DELETE" || path.ends_with("/leave");
        Client client(server);
        if (!changes_without_body) client.token = stage.zoe.token;
        const auto first = client.send(method, path, body);
        CHECK_MESSAGE(first.status != 404, method << " " << path);
        for (const auto& other : {path + "/", "/api" + path, "/api" + path + "/"}) {
            const auto again = client.send(method, other, body);
            CHECK_MESSAGE(again.told() == first.told(), method << " " << other);
            CHECK_MESSAGE(again.status / 100 != 3, method << " " << other);
            if (method == "GET" && path != "/health" && path != "/metrics" && path != "/readyz")
                CHECK_MESSAGE(again.body == first.body, method << " " << other);
        }
    }
}

TEST_CASE("HEAD answers what GET answers without the body") {
    Stage stage;
    for (const auto& [method, path] : stage.operations()) {
        if (method != "GET" || path == "/metrics" || path == "/health") continue;
        const auto whole = stage.zoe.get(path);
        const auto head = stage.zoe.send("HEAD", path);
        CHECK_MESSAGE(head.status == whole.status, path);
        CHECK_MESSAGE(head.body.empty(), path);
        for (const char* name : {"Content-Type", "Content-Length", "ETag"})
            CHECK_MESSAGE(head.header(name) == whole.header(name), path << " " << name);
    }
}

TEST_CASE("OPTIONS names the methods of a path") {
    Stage stage;
    Client client(stage.server);
    const auto allowed = [&](const std::string& path) {
        const auto answer = client.send("OPTIONS", path);
        CHECK(answer.status == 204);
        return answer.header("Allow");
    };
    CHECK(allowed("/users/") == "GET, HEAD, OPTIONS");
    CHECK(allowed("/api/events") == "GET, HEAD, POST, OPTIONS");
    CHECK(allowed("/events/" + std::to_string(stage.event_id)) == "GET, HEAD, PUT, PATCH, DELETE, OPTIONS");
    CHECK(client.send("OPTIONS", "/nowhere").status == 404);
}

TEST_CASE("CORS answers the origins that are allowed and no other") {
    RunningServer server(Flags{{"frontend-url", "https://app.example"}});
    Client client(server);
    const Headers preflight{
        {"Origin", "https://app.example"},
        {"Access-Control-Request-Method", "POST"},
        {"Access-Control-Request-Headers", "authorization, content-type, idempotency-key"}};
    const auto allowed = client.send("OPTIONS", "/api/events", {}, preflight);
    CHECK(allowed.status == 204);
    CHECK(allowed.header("Access-Control-Allow-Origin") == "https://app.example");
    CHECK(allowed.header("Access-Control-Allow-Credentials") == "true");
    CHECK(allowed.header("Access-Control-Allow-Methods").find("POST") != std::string::npos);
    CHECK(allowed.header("Access-Control-Allow-Headers") == "authorization, content-type, idempotency-key");

    const auto plain = client.get("/users/", header("Origin", "https://app.example"));
    CHECK(plain.header("Access-Control-Allow-Origin") == "https://app.example");
    const auto exposed = plain.header("Access-Control-Expose-Headers");
    for (const char* name :
         {"Dacapo-Position", "ETag", "Link", "X-Total-Count", "Location", "Retry-After", "RateLimit",
          "RateLimit-Policy", "WWW-Authenticate", "Idempotency-Replayed", "X-Request-Id"})
        CHECK_MESSAGE(exposed.find(name) != std::string::npos, name);
    CHECK(plain.header("Vary").find("Origin") != std::string::npos);

    const auto foreign = client.get("/users/", header("Origin", "https://evil.example"));
    CHECK(foreign.status == 200);
    CHECK_FALSE(foreign.has_header("Access-Control-Allow-Origin"));
    const auto refused =
        client.send("OPTIONS", "/events", {},
                    {{"Origin", "https://evil.example"}, {"Access-Control-Request-Method", "POST"}});
    CHECK_FALSE(refused.has_header("Access-Control-Allow-Origin"));
    // An error is told to the page, too.
    CHECK(client.get("/auth/me", header("Origin", "https://app.example"))
              .has_header("Access-Control-Allow-Origin"));
}

TEST_CASE("in development every origin on localhost is allowed") {
    RunningServer server;
    Client client(server);
    CHECK(client.get("/users/", header("Origin", "http://localhost:5173"))
              .has_header("Access-Control-Allow-Origin"));
    CHECK_FALSE(client.get("/users/", header("Origin", "http://localhost.evil.example"))
                    .has_header("Access-Control-Allow-Origin"));
}

TEST_CASE("a method that a path does not serve is 405 with Allow, on whichever server it arrives") {
    Stage stage;
    struct Row {
        const char* method;
        const char* target;
        const char* allow;
    };
    for (const auto& [method, target, allow] : {
             Row{"DELETE", "/users/", "GET, HEAD, OPTIONS"},
             Row{"POST", "/users/1", "GET, HEAD, OPTIONS"},
             Row{"POST", "/docs", "GET, HEAD, OPTIONS"},
             Row{"PUT", "/register", "POST, OPTIONS"},
             Row{"GET", "/register", "POST, OPTIONS"},
             Row{"POST", "/events/1", "GET, HEAD, PUT, PATCH, DELETE, OPTIONS"},
             Row{"TRACE", "/users/", "GET, HEAD, OPTIONS"},
             Row{"QUERY", "/api/events", "GET, HEAD, POST, OPTIONS"},
             Row{"BREW", "/login", "POST, OPTIONS"},
             Row{"PROPFIND", "/ws", "GET, HEAD, OPTIONS"},
         }) {
        CAPTURE(method);
        CAPTURE(target);
        const auto answer = Client(stage.server).send(method, target);
        CHECK(answer.told() == "405 method_not_allowed");
        CHECK(answer.header("Allow") == allow);
    }
    for (const char* method : {"POST", "GET", "BREW"})
        CHECK(Client(stage.server).send(method, "/nowhere").told() == "404 not_found");
}

TEST_CASE("an unknown path is a 404 problem and a socket's path without Upgrade is 426") {
    RunningServer server;
    Client client(server);
    const auto answer = client.get("/nowhere");
    CHECK(answer.told() == "404 not_found");
    CHECK(answer.header("Content-Type") == "application/problem+json");
    const json::value expected{{"title", "Not Found"}, {"status", 404}, {"instance", "/nowhere"}};
    CHECK(differences(answer.json(), expected) == "");
    CHECK(answer.text("request_id") == answer.header("X-Request-Id"));
    CHECK(client.get("/ws").told() == "426 upgrade_required");
    CHECK(client.get("/ws/some.token").told() == "426 upgrade_required");
    CHECK(client.get("/users//1").told() == "404 not_found");
    CHECK(client.get("/api/api/users").told() == "404 not_found");
}

}  // namespace
}  // namespace dacapo::test
