// What must not leak: passwords and tokens into logs, errors and metrics, who exists through the work of a
// log-in, and a client's bytes into the head of an answer.
#include "tests/http/operation_stage.hpp"
#include "tests/support/engines.hpp"
#include "tests/support/running_server.hpp"

#include <doctest/doctest.h>
#include <algorithm>
#include <fstream>

namespace dacapo::test {
namespace {

constexpr const char* marker = "Marker-Pa55word-that-nobody-has";

std::int64_t hashes_made(RunningServer& server) {
    const auto text = Client(server).get("/metrics").body;
    const std::string name = "\ndacapo_password_hashes ";
    const auto at = text.find(name);
    REQUIRE(at != text.npos);
    return std::stoll(text.substr(at + name.size()));
}

TEST_CASE("a log-in runs one hash on the pool, whether its name is known, unknown, or its password too long" *
          one_server_only("the hashes are counted by the metrics of one command server")) {
    RunningServer server;
    server.person("zoe");
    Client client(server);
    const auto attempt = [&](const json::object& body) {
        const auto before = hashes_made(server);
        const auto answer = client.post("/login", body);
        CHECK(hashes_made(server) == before + 1);
        return answer;
    };
    const auto wrong = attempt({{"username", "zoe"}, {"password", marker}});
    const auto unknown = attempt({{"username", "nobody"}, {"password", marker}});
    const auto too_long = attempt({{"username", "zoe"}, {"password", std::string(100, 'x')}});
    const auto by_email = attempt({{"email", "nobody@example.org"}, {"password", marker}});
    CHECK(attempt({{"username", "zoe"}, {"password", password}}).status == 200);
    for (const auto* answer : {&unknown, &too_long, &by_email}) {
        CHECK(answer->told() == wrong.told());
        CHECK((*answer)["detail"] == wrong["detail"]);
        const auto names = [](const Answer& of) {
            std::vector<std::string> all;
            for (const auto& [name, value] : of.headers) all.push_back(name);
            return all;
        };
        CHECK(names(*answer) == names(wrong));
    }
}

TEST_CASE("a password that was sent stands in no log line, no error and no metric") {
    RunningServer server(Flags{{"log-level", "debug"}});
    auto zoe = server.person("zoe");
    Client client(server);
    std::vector<Answer> answers;
    const std::string secret(marker);
    for (const char* path : {"/login", "/register", "/auth/password", "/auth/refresh", "/events", "/users"}) {
        for (const std::string& body :
             {R"({"username": "zoe", "email": "zoe@example.org", "password": ")" + secret + "\"}",
              R"({"old_password": ")" + secret + R"(", "new_password": ")" + secret + " too\"}",
              R"({"refresh_token": ")" + secret + "\"}", R"({"password": ")" + secret,
              R"({"password": ")" + secret + R"(", "password": ")" + secret + "\"}",
              R"({"username": ["zoe"], "password": [")" + secret + "\"]}"}) {
            answers.push_back(client.send("POST", path, body));
            answers.push_back(zoe.send("POST", path, body));
        }
    }
    answers.push_back(client.get("/users", header("Authorization", "Bearer " + secret)));
    answers.push_back(client.get("/auth/me", header("Authorization", "Basic " + secret)));
    // These tell their own path back, to whoever sent it.
    for (const std::string& path : {"/users/" + secret, "/ws/" + secret, "/events?q=" + secret})
        client.get(path);
    answers.push_back(client.get("/metrics"));
    for (const auto& answer : answers)
        CHECK_MESSAGE(answer.body.find(secret) == std::string::npos, answer.body);
    CHECK(std::ranges::none_of(answers, [](const auto& answer) { return answer.status >= 500; }));
    CHECK(server.logged().find(secret) == std::string::npos);
    // There are lines about all this, and nobody's name in them.
    for (const char* event : {"login_failed", "token_refused", "password_refused"})
        CHECK_MESSAGE(server.logged().find(event) != std::string::npos, event);
    CHECK(server.logged().find("zoe") == std::string::npos);
    CHECK(server.logged().find("example.org") == std::string::npos);
    CHECK(server.logged().find(zoe.token) == std::string::npos);
    CHECK(server.logged().find(zoe.refresh_token) == std::string::npos);
    for (const char* file : {"log.db", "log.db-wal", "read.db", "read.db-wal", "login_failures"}) {
        std::ifstream in(server.file(file), std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(in), {}};
        CHECK_MESSAGE(bytes.find(secret) == bytes.npos, file);
    }
}

TEST_CASE(
    "what was sent to any route, in a member, a parameter or a field, stands in no log line and no metric") {
    OperationStage stage(Flags{{"log-level", "debug"}});
    const std::string secret(marker);
    Headers fields;
    for (const char* name :
         {"Authorization", "Cookie", "Dacapo-Position", "If-Match", "If-None-Match", "Origin",
          "Idempotency-Key", "User-Agent", "Referer", "traceparent", "X-Forwarded-For", "X-Api-Key"})
        fields.emplace_back(name, std::string(name) == "Authorization" ? "Bearer " + secret : secret);
    std::size_t asked = 0;
    for (const auto& operation : stage.server.documented.operations()) {
        const auto [method, pattern] = split(operation);
        const auto* row = row_of(operation);
        if (!row || pattern == "/auth/logout") continue;
        const auto path = stage.fresh_path(pattern);
        auto members = json::parse(row->body.empty() ? "{}" : stage.fresh_body(row->body)).as_object();
        std::vector<std::string> bodies{secret, '"' + secret + '"', "{\"" + secret + "\": 1}"};
        for (const auto& [name, unused] : members) {
            auto forged = members;
            forged[name] = secret;
            bodies.push_back(json::serialize(forged));
        }
        const bool takes_body = !row->body.empty();
        for (std::size_t i = 0; i < (takes_body ? bodies.size() : 1); ++i)
            for (auto* client : {static_cast<Client*>(&stage.admin), static_cast<Client*>(&stage.zoe)}) {
                client->send(method, path, takes_body ? bodies[i] : "");
                client->send(method, path + "?cursor=" + secret + "&q=" + secret,
                             takes_body ? bodies[i] : "");
                asked += 2;
            }
        Client nobody(stage.server);
        nobody.send(method, path, takes_body ? bodies.front() : "", fields);
    }
    CHECK(asked > 200);
    CHECK(Client(stage.server).get("/metrics").body.find(secret) == std::string::npos);
    CHECK(stage.server.logged().find(secret) == std::string::npos);
}

TEST_CASE("nothing that a client sends begins a line of an answer's head") {
    RunningServer server;
    auto zoe = server.person("zoe");
    const std::string injected = "Set-Cookie: injected=1";
    for (const std::string line_end : {"%0d%0a", "%0D%0A", "%0a", "%0d", "%E5%98%8A%E5%98%8D", "\\r\\n"}) {
        for (const std::string& target :
             {"/events/" + line_end + injected, "/events?q=" + line_end + injected,
              "/ws/" + line_end + injected, "/users?skip=0&limit=1&x=" + line_end + injected,
              "/docs" + line_end + injected}) {
            auto path = target;
            std::ranges::replace(path, ' ', '+');
            const auto answer = zoe.get(path);
            CHECK_MESSAGE(answer.status < 500, path);
            CHECK_MESSAGE(answer.header("Set-Cookie").find("injected") == std::string::npos, path);
            for (const auto& [name, value] : answer.headers)
                CHECK_MESSAGE((name.find("injected") == name.npos && value.find('\n') == value.npos), path);
        }
    }
    // Fields that are echoed: an id that could split the head is replaced, an origin that is not known left
    // out.
    for (const char* id : {"a b", "a;b", "x\ty", "<x>"}) {
        const auto answer = zoe.get("/livez", header("X-Request-Id", id));
        CHECK(answer.header("X-Request-Id") != id);
    }
    const auto foreign = zoe.get("/livez", header("Origin", "https://evil.example"));
    CHECK_FALSE(foreign.has_header("Access-Control-Allow-Origin"));
    const auto made = zoe.post("/events/", {{"title", "Jam\r\nSet-Cookie: injected=1"},
                                            {"description", ""},
                                            {"date", "2024-03-15T20:00:00"},
                                            {"location", "Docks"}});
    CHECK(made.status == 422);
}

}  // namespace
}  // namespace dacapo::test
