// The catalogue over HTTP: admins write, everyone reads what was written at once.
#include "infra/crypto/token.hpp"
#include "tests/support/running_server.hpp"

#include <doctest/doctest.h>

namespace dacapo::test {
namespace {

// Somebody whose token says admin, as it does for those whom the seed makes one.
Client admin_of(RunningServer& server, const std::string& name) {
    const AccessTokens tokens(server_secret, "dacapo", "dacapo", std::chrono::hours(1));
    auto claims = tokens.verify(server.person(name).token, server.clock.now()).value();
    claims.role = Role::admin;
    Client client(server);
    client.token = tokens.issue(claims, server.clock.now());
    return client;
}

TEST_CASE("an admin adds and renames and retires an instrument and everyone sees it at once") {
    RunningServer server;
    auto admin = admin_of(server, "ana");
    Client anybody(server);
    const auto added = admin.post("/instruments", {{"name", "  Cajón "}});
    CHECK(added.status == 200);
    CHECK(added.header("Location") == "/instruments/1");
    CHECK(added.json() == json::value{{"id", 1}, {"name", "Cajón"}, {"retired", false}, {"version", 1}});
    CHECK(anybody.get("/instruments/1").json() == added.json());
    CHECK(admin.post("/instruments", {{"name", "Oud"}}).number("id") == 2);

    const auto renamed = admin.put("/instruments/1", {{"name", "Cajon"}});
    CHECK(renamed.json() == json::value{{"id", 1}, {"name", "Cajon"}, {"retired", false}, {"version", 2}});
    CHECK(anybody.get("/api/instruments/").json() ==
          json::value{renamed.json(), anybody.get("/instruments/2").json()});

    CHECK(admin.del("/instruments/1").status == 204);
    CHECK(column(anybody.get("/instruments").json(), "name") == json::array{"Oud"});
    CHECK(anybody.get("/instruments/1")["retired"] == json::value(true));
    CHECK(admin.put("/instruments/1", {{"name", "Box"}}).told() == "409 retired");
    CHECK(admin.post("/instruments", {{"name", "cajón"}}).number("id") == 3);
}

TEST_CASE("genres are a list of their own with ids of their own") {
    RunningServer server;
    auto admin = admin_of(server, "ana");
    CHECK(admin.post("/instruments", {{"name", "Oud"}}).number("id") == 1);
    const auto added = admin.post("/genres", {{"name", "Oud"}});
    CHECK(added.number("id") == 1);
    CHECK(added.header("Location") == "/genres/1");
    CHECK(admin.put("/genres/1", {{"name", "Raï"}}).text("name") == "Raï");
    CHECK(admin.get("/genres").json().as_array().size() == 1);
    CHECK(admin.del("/genres/1").status == 204);
    CHECK(admin.get("/genres").json().as_array().empty());
    CHECK(admin.get("/instruments").json().as_array().size() == 1);
}

TEST_CASE("a name of the catalogue that is used is refused whatever its case and accents") {
    RunningServer server;
    auto admin = admin_of(server, "ana");
    admin.post("/genres", {{"name", "Raï"}});
    admin.post("/genres", {{"name", "Fado"}});
    const auto head = server.log_head();
    CHECK(admin.post("/genres", {{"name", "RAI"}}).told() == "400 name_taken");
    CHECK(admin.put("/genres/2", {{"name", "rai"}}).told() == "400 name_taken");
    CHECK(server.log_head() == head);
    CHECK(admin.put("/genres/1", {{"name", "RAI"}}).told() == "200");
}

TEST_CASE("who is no admin changes nothing in the catalogue") {
    RunningServer server;
    auto admin = admin_of(server, "ana");
    auto user = server.person("ben");
    admin.post("/genres", {{"name", "Fado"}});
    const auto head = server.log_head();
    for (const char* list : {"/instruments", "/genres"})
        CHECK(user.post(list, {{"name", "Oud"}}).told() == "403 admin_only");
    CHECK(user.post("/genres", {{"nome", 7}}).told() == "403 admin_only");
    CHECK(user.put("/genres/1", {{"name", "x"}}).told() == "403 admin_only");
    CHECK(user.del("/genres/1").told() == "403 admin_only");
    CHECK(user.del("/genres/9").told() == "403 admin_only");
    CHECK(Client(server).post("/genres", {{"name", "Oud"}}).status == 401);
    CHECK(server.log_head() == head);
}

TEST_CASE("a change of the catalogue that makes no difference records nothing") {
    RunningServer server;
    auto admin = admin_of(server, "ana");
    admin.post("/genres", {{"name", "Fado"}});
    admin.put("/genres/1", {{"name", "Choro"}});
    auto head = server.log_head();
    CHECK(admin.put("/genres/1", {{"name", "Choro"}}).number("version") == 2);
    CHECK(server.log_head() == head);
    CHECK(admin.del("/genres/1").status == 204);
    head = server.log_head();
    CHECK(admin.del("/genres/1").status == 204);
    CHECK(server.log_head() == head);
}

TEST_CASE("a name of the catalogue that cannot be accepted is 422 and an unknown entry 404") {
    RunningServer server;
    auto admin = admin_of(server, "ana");
    const auto head = server.log_head();
    CHECK(admin.post("/genres", {{"name", ""}}).told() == "422 invalid");
    CHECK(admin.post("/genres", {{"name", std::string(61, 'x')}}).told() == "422 invalid");
    CHECK(admin.post("/genres", {{"name", "\xE2\x80\x8B\xE2\x80\x8D"}}).told() == "422 invalid");
    CHECK(admin.post("/genres", {{"name", "x"}, {"level", 1}}).told() == "422 invalid");
    CHECK(admin.put("/genres/1", {{"name", "x"}}).told() == "404 not_found");
    CHECK(admin.del("/genres/1").told() == "404 not_found");
    CHECK(admin.get("/genres/1").told() == "404 not_found");
    CHECK(server.log_head() == head);
    CHECK(admin.post("/genres", {{"name", std::string(60, 'x')}}).told() == "200");
}

TEST_CASE("If-Match on an entry of the catalogue holds while nobody else has changed it") {
    RunningServer server;
    auto admin = admin_of(server, "ana");
    admin.post("/genres", {{"name", "Fado"}});
    const auto etag = admin.get("/genres/1").header("ETag");
    CHECK(admin.put("/genres/1", {{"name", "Choro"}}, header("If-Match", etag)).told() == "200");
    CHECK(admin.put("/genres/1", {{"name", "Rock"}}, header("If-Match", etag)).told() ==
          "412 precondition_failed");
    CHECK(admin.del("/genres/1", header("If-Match", etag)).told() == "412 precondition_failed");
    CHECK(admin.del("/genres/1", header("If-Match", "\"v2\"")).status == 204);
}

TEST_CASE("a repeated Idempotency-Key adds one instrument and the catalogue survives a restart") {
    RunningServer server;
    auto admin = admin_of(server, "ana");
    const auto key = header("Idempotency-Key", "k1");
    const auto first = admin.post("/instruments", {{"name", "Oud"}}, key);
    const auto second = admin.post("/instruments", {{"name", "Oud"}}, key);
    CHECK(second.json() == first.json());
    admin.post("/instruments", {{"name", "Ney"}});
    server.restart();
    CHECK(admin.get("/instruments").json().as_array().size() == 2);
    CHECK(admin.post("/instruments", {{"name", "OUD"}}).told() == "400 name_taken");
    CHECK(admin.post("/instruments", {{"name", "Cello"}}).number("id") == 3);
}

}  // namespace
}  // namespace dacapo::test
