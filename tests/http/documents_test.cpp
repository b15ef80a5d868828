// /openapi.json, /docs and its files, /metrics and the health routes, from a server that runs.
#include "tests/support/running_server.hpp"

#include <doctest/doctest.h>
#include <sstream>

namespace dacapo::test {
namespace {

TEST_CASE("/openapi.json holds the documented paths of the sources") {
    RunningServer server;
    const auto answer = Client(server).get("/openapi.json");
    CHECK(answer.header("Content-Type") == "application/json");
    CHECK(answer.json().at("openapi") == "3.1.0");
    const auto operations = server.documented.operations();
    for (const char* name : {"post /register",
                             "post /login",
                             "post /auth/register",
                             "post /auth/login",
                             "post /auth/logout",
                             "post /auth/refresh",
                             "get /auth/me",
                             "get /users",
                             "get /users/{user_id}",
                             "post /events",
                             "get /events",
                             "get /events/{event_id}",
                             "put /events/{event_id}",
                             "patch /events/{event_id}",
                             "delete /events/{event_id}",
                             "post /events/{event_id}/cancel",
                             "post /events/{event_id}/join",
                             "post /events/{event_id}/leave",
                             "get /events/{event_id}/participants",
                             "post /messages",
                             "get /messages/received",
                             "get /messages/sent",
                             "put /messages/{message_id}/read",
                             "post /checkins",
                             "get /checkins",
                             "get /checkins/user/{user_id}",
                             "delete /checkins/{checkin_id}",
                             "get /health",
                             "get /livez",
                             "get /readyz",
                             "get /metrics"})
        CHECK_MESSAGE(operations.contains(name), name);
}

TEST_CASE("/docs and its files, which are compressed, come from this server with their types") {
    RunningServer server;
    Client client(server);
    const auto page = client.get("/docs", header("Accept-Encoding", "gzip"));
    REQUIRE(page.status == 200);
    CHECK(page.header("Content-Type").starts_with("text/html"));
    CHECK(page.body.find("<table>") != std::string::npos);
    CHECK_FALSE(page.header("Content-Security-Policy").empty());
    CHECK(page.header("Cross-Origin-Opener-Policy") == "same-origin");
    CHECK(client.get("/docs", header("If-None-Match", page.header("ETag"))).status == 304);
    std::set<std::string> types;
    for (const auto& name : server.documented.operations()) {
        if (!name.starts_with("get /docs/")) continue;
        const auto file = client.get(name.substr(4));
        CHECK_MESSAGE(file.status == 200, name);
        CHECK_MESSAGE(file.body.starts_with("\x1f\x8b"), name);
        types.insert(file.header("Content-Type").substr(0, file.header("Content-Type").find(';')));
    }
    const auto packed = [&](const char* accepted) {
        return client.get("/docs/swagger-ui.css", header("Accept-Encoding", accepted)).told();
    };
    for (const char* good :
         {"gzip", "deflate, GZIP;q=0.5", "br;q=1.0, *;q=0.1", "x-gzip", "*;q=0, gzip", "*"})
        CHECK_MESSAGE(packed(good) == "200", good);
    for (const char* bad : {"br", "gzip;q=0", "gzip; q=0.000, *", "*;q=0", "identity", "not-gzip-at-all"})
        CHECK_MESSAGE(packed(bad) == "406 not_acceptable", bad);
    CHECK(types.contains("text/javascript"));
    CHECK(types.contains("text/css"));
}

TEST_CASE("every operation says what it is for and shows its request, its answer and each of its errors") {
    RunningServer server;
    const auto document = Client(server).get("/openapi.json").json();
    std::set<std::string> tags;
    for (const auto& tag : document.at("tags").as_array()) {
        CHECK(tag.at("description").as_string().size() > 20);
        tags.emplace(tag.at("name").as_string());
    }
    const auto shows = [](const json::value& media) {
        return media.as_object().contains("example") || media.as_object().contains("examples");
    };
    for (const auto& [path, methods] : document.at("paths").as_object())
        for (const auto& [method, operation] : methods.as_object()) {
            const auto name = std::string(method) + " " + std::string(path);
            CAPTURE(name);
            const auto* description = operation.as_object().if_contains("description");
            REQUIRE(description);
            CHECK(description->as_string().size() > 40);
            CHECK(tags.contains(std::string(operation.at("tags").at(0).as_string())));
            if (const auto* body = operation.as_object().if_contains("requestBody"))
                CHECK(shows(body->at("content").at("application/json")));
            for (const auto& [status, response] : operation.at("responses").as_object()) {
                CAPTURE(status);
                const auto* content = response.as_object().if_contains("content");
                if (!content) continue;
                for (const auto& [type, media] : content->as_object())
                    if (type.ends_with("json")) CHECK(shows(media));
            }
            if (const auto* parameters = operation.as_object().if_contains("parameters"))
                for (const auto& parameter : parameters->as_array())
                    CHECK(parameter.as_object().contains("description"));
        }
}

TEST_CASE("/metrics is text that Prometheus reads" *
          one_server_only("each server tells of itself; the proxy chooses which one answers")) {
    RunningServer server;
    auto zoe = server.person("zoe");
    zoe.create_event("Jam");
    const auto answer = zoe.get("/metrics");
    CHECK(answer.header("Content-Type") == "text/plain; version=0.0.4; charset=utf-8");
    std::istringstream lines(answer.body);
    std::set<std::string> families;
    std::set<std::string> samples;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("# TYPE ")) families.insert(line.substr(7, line.find(' ', 7) - 7));
        if (line.empty() || line.starts_with('#')) continue;
        const auto space = line.rfind(' ');
        REQUIRE_MESSAGE(space != line.npos, line);
        CHECK_NOTHROW(static_cast<void>(std::stod(line.substr(space + 1))));
        CHECK_MESSAGE(samples.insert(line.substr(0, space)).second, line);
    }
    for (const char* family :
         {"dacapo_http_requests_total", "dacapo_http_request_seconds", "dacapo_log_head",
          "dacapo_log_batch_records", "dacapo_projection_lag_seconds", "dacapo_feed_sockets"})
        CHECK_MESSAGE(families.contains(family), family);
    CHECK(samples.contains(R"(dacapo_http_requests_total{method="POST",route="/events",status="200"})"));
    CHECK(answer.body.find(zoe.token) == std::string::npos);
}

TEST_CASE("/livez and /readyz answer 200 while the server runs") {
    RunningServer server;
    Client client(server);
    CHECK(client.get("/livez").text("status") == "ok");
    const auto ready = client.get("/readyz");
    CHECK(ready.status == 200);
    CHECK(ready.header("Cache-Control") == "no-store");
    for (const auto& part : ready.list("parts")) CHECK(part.at("status") != "failed");
}

TEST_CASE("a token in a URL is written to no log") {
    RunningServer server;
    auto zoe = server.person("zoe");
    auto socket = zoe.socket();
    next_of(socket, "initial");
    SocketClient other(server.port(), "/ws/" + zoe.token);
    next_of(other, "initial");
    for (auto* one : {&socket, &other}) one->wire().close();
    server.stop();
    CHECK(server.logged().find(zoe.token) == std::string::npos);
    CHECK(server.logged().find(password) == std::string::npos);
    server.start();
}

}  // namespace
}  // namespace dacapo::test
