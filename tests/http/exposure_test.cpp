// What is for operators or for developers can be kept from the world: DOCS, METRICS and ADMIN_PORT.
#include "infra/http/listener.hpp"
#include "tests/support/plain_server.hpp"

#include <doctest/doctest.h>

namespace dacapo::test {
namespace {

TEST_CASE("the page and the document are switched off together, and every path of theirs is 404") {
    const PlainServer server({}, {"--docs=off"});
    for (const char* path : {"/docs", "/docs/swagger-ui.css", "/docs/initializer.js", "/openapi.json"})
        CHECK_MESSAGE(server.told("GET", path) == "404 not_found", path);
    CHECK(server.told("GET", "/users") == "200");
    CHECK(server.told("GET", "/metrics") == "200");
    const auto answer = HttpClient(server.port()).request("GET", "/docs");
    CHECK(answer.header("Content-Type") == "application/problem+json");
}

TEST_CASE("a command server whose cluster shows no page does not send anybody elsewhere for it") {
    const PlainServer server({.command = true, .project = false, .query = false}, {"--docs=off"});
    CHECK(server.told("GET", "/docs") == "404 not_found");
    CHECK(server.told("GET", "/users") == "421 wrong_role");
}

TEST_CASE("metrics are switched off, and the document does not have them then") {
    const PlainServer server({}, {"--metrics=off"});
    CHECK(server.told("GET", "/metrics") == "404 not_found");
    CHECK(server.told("GET", "/readyz") == "200");
    const auto document = HttpClient(server.port()).request("GET", "/openapi.json").body;
    CHECK(document.find("\"/readyz\"") != document.npos);
    CHECK(document.find("\"/metrics\"") == document.npos);
}

TEST_CASE("with a port for operators metrics are there and nowhere else") {
    PlainServer server({}, {"--admin-port=0"});
    const auto admin = server.server().admin_port();
    REQUIRE(admin);
    CHECK(*admin != server.port());
    const auto told = [&](const char* path) { return PlainServer::told_by(*admin, "GET", path); };
    CHECK(server.told("GET", "/metrics") == "404 not_found");
    const auto metrics = HttpClient(*admin).request("GET", "/metrics");
    CHECK(metrics.status == 200);
    CHECK(metrics.body.find("\ndacapo_log_head ") != metrics.body.npos);
    for (const char* path : {"/health", "/livez", "/readyz"}) {
        CHECK_MESSAGE(told(path) == "200", path);
        CHECK_MESSAGE(server.told("GET", path) == "200", path);
    }
    for (const char* path : {"/users", "/docs", "/openapi.json", "/ws"})
        CHECK_MESSAGE(told(path) == "404 not_found", path);
    CHECK(PlainServer::told_by(*admin, "POST", "/login") == "404 not_found");
}

TEST_CASE("metrics may be in both places when that is asked for") {
    PlainServer server({}, {"--admin-port=0", "--metrics=on"});
    CHECK(server.told("GET", "/metrics") == "200");
    CHECK(PlainServer::told_by(*server.server().admin_port(), "GET", "/metrics") == "200");
}

TEST_CASE("every role has a port for operators") {
    for (const Roles roles : {Roles{.command = true, .project = false, .query = false},
                              Roles{.command = false, .project = true, .query = false}}) {
        PlainServer server(roles, {"--admin-port=0"});
        CHECK(PlainServer::told_by(*server.server().admin_port(), "GET", "/metrics") == "200");
    }
}

TEST_CASE("a port for operators that is taken refuses the start") {
    PlainServer first({}, {"--admin-port=0"});
    const auto taken = "--admin-port=" + std::to_string(*first.server().admin_port());
    CHECK_THROWS_AS(PlainServer({}, {taken}), http::PortTaken);
}

}  // namespace
}  // namespace dacapo::test
