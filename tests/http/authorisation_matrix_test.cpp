// What authorisation_matrix.hpp says, tried: each operation as each kind of asker; and beside it that no id,
// member, parameter or key lets anybody reach what is another's.
#include "tests/http/authorisation_matrix.hpp"

#include "tests/http/operation_stage.hpp"

#include <doctest/doctest.h>
#include <algorithm>

namespace dacapo::test {
namespace {

TEST_CASE("every operation has a row of the authorisation matrix and every row an operation") {
    RunningServer server;
    const auto operations = server.documented.operations();
    for (const auto& operation : operations) CHECK_MESSAGE(row_of(operation), "no row for " << operation);
    for (const auto& row : authorisation_matrix)
        CHECK_MESSAGE(std::ranges::any_of(operations, [&](const auto& o) { return row_of(o) == &row; }),
                      "no operation for " << row.operation);
}

TEST_CASE("each operation answers each kind of asker as the matrix says") {
    OperationStage stage;
    for (const auto& operation : stage.server.documented.operations()) {
        const auto* row = row_of(operation);
        if (!row) continue;  // The test above says so.
        const auto [method, pattern] = split(operation);
        const auto ask = [&](Client& client, int expected, const char* who) {
            const auto path = stage.fresh_path(pattern);
            const auto head = expected >= 400 ? stage.server.log_head() : 0;
            const auto answer = client.send(method, path, stage.fresh_body(row->body));
            CHECK_MESSAGE(answer.status == expected, operation << " as " << who << ": " << answer.told());
            if (expected >= 400) CHECK_MESSAGE(stage.server.log_head() == head, operation << " as " << who);
        };
        Client nobody(stage.server);
        Client owner(stage.server);
        owner.token = stage.zoe.token;
        Client other(stage.server);
        other.token = stage.malik.token;
        Client admin(stage.server);
        admin.token = stage.admin.token;
        const auto fresh_token = [&](const char* name) {
            return Client(stage.server)
                .post("/login", {{"username", name}, {"password", password}})
                .text("access_token");
        };
        // The session that asks ends here; it must be one that nobody else needs.
        if (pattern == "/auth/logout") {
            owner.token = fresh_token("zoe");
            other.token = fresh_token("malik");
            admin.token = fresh_token("ines");
        }
        ask(nobody, row->anonymous, "nobody");
        ask(owner, row->owner, "owner");
        ask(other, row->other, "other");
        ask(admin, row->admin, "admin");
        for (const auto role : {Role::commercial, Role::support}) {
            auto person = stage.server.person("staff" + std::to_string(++stage.number));
            auto staff = with_role(stage.server, person, role);
            ask(staff, row->other, role == Role::commercial ? "commercial" : "support");
        }
    }
}

TEST_CASE("somebody else's object is refused like one that does not exist, where it may not be seen") {
    OperationStage stage;
    for (const auto& row : authorisation_matrix) {
        if (row.other != 404 || row.owner >= 300) continue;
        const auto [method, pattern] = split(row.operation);
        const auto foreign = stage.malik.send(method, stage.fresh_path(pattern), stage.fresh_body(row.body));
        auto nowhere = pattern;
        nowhere.replace(nowhere.find('{'), nowhere.find('}') - nowhere.find('{') + 1, "9007199254740991");
        const auto missing = stage.malik.send(method, nowhere, stage.fresh_body(row.body));
        CHECK_MESSAGE(foreign.told() == missing.told(), row.operation);
        CHECK_MESSAGE(foreign["detail"] == missing["detail"], row.operation);
    }
}

TEST_CASE("no read shows a private message to anybody but its two people, whatever is asked") {
    OperationStage stage;
    const auto message_id = std::to_string(stage.malik.message(stage.zoe, secret_text).number("id"));
    const auto zoe_id = std::to_string(stage.zoe.id);
    REQUIRE(stage.zoe.get("/messages/received").body.find(secret_text) != std::string::npos);
    Client nobody(stage.server);
    std::size_t asked = 0;
    for (const auto& operation : stage.server.documented.operations()) {
        const auto [method, pattern] = split(operation);
        if (method != "GET" || operation.starts_with("get /docs")) continue;
        const auto path = stage.fresh_path(pattern);
        for (const std::string query :
             {"", "?user_id=", "?receiver_id=", "?sender_id=", "?owner=", "?as=", "?q="}) {
            const auto target = path + query + (query.empty() ? "" : zoe_id);
            for (auto* client : {&nobody, static_cast<Client*>(&stage.receiver), &stage.admin}) {
                ++asked;
                CHECK_MESSAGE(client->get(target).body.find(secret_text) == std::string::npos, target);
            }
        }
    }
    CHECK(asked > 200);
    CHECK(stage.receiver.put("/messages/" + message_id + "/read").told() == "404 not_found");
}

TEST_CASE("a feed shows a private message to its two people alone") {
    OperationStage stage;
    auto theirs = stage.receiver.socket("&user_id=" + std::to_string(stage.zoe.id));
    auto hers = stage.zoe.socket();
    CHECK(json::serialize(next_of(theirs, "initial")).find(secret_text) == std::string::npos);
    next_of(hers, "initial");  // which would count a message that is there already, and show no frame of it
    stage.malik.message(stage.zoe, secret_text);
    CHECK(json::serialize(next_of(hers, "new_message")).find(secret_text) != std::string::npos);
    // What comes after it for everybody has come alone.
    stage.malik.post("/checkins", {{"location_name", "Docks"}});
    while (true) {
        const auto frame = theirs.receive_text();
        CHECK(frame.find(secret_text) == std::string::npos);
        if (json::parse(frame).at("type") == json::value("checkIns")) break;
    }
}

TEST_CASE("an Idempotency-Key of one person gives another nothing of the first answer") {
    OperationStage stage;
    const json::object body{{"content", secret_text}, {"receiver_id", stage.receiver.id}};
    const auto key = header("Idempotency-Key", "same-key");
    const auto first = stage.zoe.post("/messages", body, key);
    const auto second = stage.malik.post("/messages", body, key);
    CHECK(first.number("sender_id") == stage.zoe.id);
    CHECK(second.number("sender_id") == stage.malik.id);
    CHECK(second.number("id") != first.number("id"));
    CHECK_FALSE(second.has_header("Idempotency-Replayed"));
}

// Every member that any resource shows, and those that somebody who guesses would try.
std::set<std::string> guessed_members(const json::value& document) {
    std::set<std::string> names{"is_admin", "admin",     "owner",    "owner_id",    "password_hash",
                                "token",    "tenant",    "verified", "actor",       "permissions",
                                "scope",    "__proto__", "$ref",     "constructor", "user",
                                "Role",     "roles",     "deleted",  "sequence",    "recorded_at"};
    for (const auto& [name, schema] : document.at("components").at("schemas").as_object())
        if (const auto* properties = schema.as_object().if_contains("properties"))
            for (const auto& [member, unused] : properties->as_object()) names.insert(std::string(member));
    return names;
}

TEST_CASE("no body takes a member that its operation does not document: 422, and nothing is recorded") {
    OperationStage stage;
    const auto document = stage.zoe.get("/openapi.json").json();
    const auto guessed = guessed_members(document);
    std::size_t asked = 0;
    for (const auto& [pattern, methods] : document.at("paths").as_object()) {
        for (const auto& [method, operation] : methods.as_object()) {
            const auto* body = operation.as_object().if_contains("requestBody");
            if (!body) continue;
            const auto& media = body->at("content").at("application/json");
            const auto& known = media.at("schema").at("properties").as_object();
            const auto path = stage.fresh_path(std::string(pattern));
            const auto head = stage.server.log_head();
            for (const auto& member : guessed) {
                if (known.contains(member)) continue;
                auto forged = media.at("example").as_object();
                forged[member] = "admin";
                const auto answer =
                    stage.admin.send(upper(std::string_view(method)), path, json::serialize(forged));
                ++asked;
                const auto what = std::string(method) + " " + path + " " + member;
                CHECK_MESSAGE(answer.status == 422, what);
                CHECK_MESSAGE(answer.body.find("\"/" + member + "\"") != std::string::npos, what);
            }
            CHECK_MESSAGE(stage.server.log_head() == head, std::string(pattern));
        }
    }
    CHECK(asked > 500);
}

}  // namespace
}  // namespace dacapo::test
