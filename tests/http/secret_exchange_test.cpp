// JWT_SECRET exchanged by an operator: what the one before it signed goes on until that is taken away.
#include "tests/support/running_server.hpp"

#include <doctest/doctest.h>

namespace dacapo::test {
namespace {

constexpr const char* next_secret = "the secret that comes after that one";
const Flags exchanged{{"jwt-secret", next_secret}, {"jwt-secret-previous", server_secret}};
const Flags over{{"jwt-secret-previous", ""}};

Answer refresh(RunningServer& server, const std::string& token) {
    return Client(server).post("/auth/refresh", {{"refresh_token", token}});
}

// Where `Link` says that a walk goes on.
std::string next_page(const Answer& answer) {
    const auto link = answer.header("Link");
    const auto begin = link.find("/users");
    REQUIRE_MESSAGE(begin != link.npos, link);
    return link.substr(begin, link.find('>', begin) - begin);
}

TEST_CASE("tokens, sockets and cursors of the previous secret go on while it is named, and end with it") {
    RunningServer server;
    auto zoe = server.person("zoe");
    server.person("malik");
    const auto page = next_page(zoe.get("/users?cursor=&limit=1"));
    server.restart(exchanged);
    CHECK(zoe.get("/auth/me").status == 200);
    CHECK(zoe.get(page).list().size() == 1);
    {
        auto socket = zoe.socket();
        next_of(socket, "initial");
    }
    const auto renewed = refresh(server, zoe.refresh_token);
    REQUIRE(renewed.status == 200);
    Client after(server);
    after.token = renewed.text("access_token");
    CHECK(after.get("/auth/me").status == 200);
    const auto page_after = next_page(after.get("/users?cursor=&limit=1"));
    server.restart(over);
    CHECK(zoe.get("/auth/me").told() == "401 token_invalid");
    CHECK(after.get("/auth/me").status == 200);
    CHECK(after.get(page).told() == "400 cursor_unknown");
    CHECK(after.get(page_after).list().size() == 1);
    CHECK(refresh(server, renewed.text("refresh_token")).status == 200);
}

TEST_CASE("without the previous secret, whoever has a token of it logs in again") {
    RunningServer server;
    auto zoe = server.person("zoe");
    server.restart({{"jwt-secret", next_secret}});
    CHECK(zoe.get("/auth/me").told() == "401 token_invalid");
    CHECK(refresh(server, zoe.refresh_token).told() == "401 invalid_refresh_token");
    CHECK(Client(server).post("/login", {{"username", "zoe"}, {"password", password}}).status == 200);
}

TEST_CASE("a client that lost its new refresh token in the exchange is given the same one again") {
    RunningServer server;
    auto zoe = server.person("zoe");
    const auto lost = refresh(server, zoe.refresh_token);
    REQUIRE(lost.status == 200);
    server.restart(exchanged);
    const auto again = refresh(server, zoe.refresh_token);
    REQUIRE(again.status == 200);
    CHECK(again.text("refresh_token") == lost.text("refresh_token"));
    CHECK(refresh(server, again.text("refresh_token")).status == 200);
}

}  // namespace
}  // namespace dacapo::test
