// The limits of RATE_LIMIT, from outside: who is counted as whom, what clients are told, and that nobody
// spends what is another's. The arithmetic itself: tests/infra/rate_limit_test.cpp.
#include "command/login_failures.hpp"
#include "serve_limits.hpp"
#include "tests/support/engines.hpp"
#include "tests/support/running_server.hpp"

#include <doctest/doctest.h>
#include <map>
#include <vector>

namespace dacapo::test {
namespace {

const Flags limited{{"rate-limit", "on"}};
const Flags behind_proxy{{"rate-limit", "on"}, {"trusted-proxy", "127.0.0.1"}};

Headers from(const std::string& address) { return header("X-Forwarded-For", address); }

// `"name";r=5;t=30` and its like: the value of one parameter.
std::int64_t parameter(const std::string& field, const std::string& name) {
    const auto at = field.find(';' + name + '=');
    REQUIRE_MESSAGE(at != field.npos, field);
    return std::stoll(field.substr(at + name.size() + 2));
}
std::int64_t remaining(const Answer& answer) { return parameter(answer.header("RateLimit"), "r"); }

// A command that costs nothing but its place in the count.
Answer knock(Client& client, Headers headers = {}) {
    return client.post("/checkins", json::object(), std::move(headers));
}
Answer knock_anonymously(Client& client, Headers headers = {}) {
    return client.post("/auth/refresh", {{"refresh_token", "none"}}, std::move(headers));
}

TEST_CASE("a user may command so often in a minute, is told so, and waits when it was too often" *
          one_server_only("each server counts for itself")) {
    RunningServer server(limited);
    auto zoe = server.person("zoe");
    auto malik = server.person("malik");
    const auto first = knock(zoe);
    CHECK(first.status == 422);
    CHECK(first.header("RateLimit-Policy") == "\"user-commands\";q=600;w=60");
    CHECK(first.header("RateLimit") == "\"user-commands\";r=599;t=60");
    for (int left = 598; left >= 0; --left) REQUIRE(remaining(knock(zoe)) == left);
    const auto refused = knock(zoe);
    CHECK(refused.told() == "429 rate_limited");
    CHECK(refused["type"] == json::value("https://iana.org/assignments/http-problem-types#quota-exceeded"));
    CHECK(refused["violated-policies"] == json::array{"user-commands"});
    CHECK(remaining(refused) == 0);
    const auto reset_s = parameter(refused.header("RateLimit"), "t");
    CHECK(std::stoll(refused.header("Retry-After")) >= reset_s);
    // Neither her reads nor anybody else's commands are touched.
    CHECK(zoe.get("/auth/me").status == 200);
    CHECK(remaining(knock(malik)) == 599);
    server.clock.advance(std::chrono::seconds(reset_s));
    CHECK(remaining(knock(zoe)) == 599);
    CHECK(Client(server).get("/metrics").body.find("dacapo_rate_limited_total{policy=\"user-commands\"} 1") !=
          std::string::npos);
}

TEST_CASE("who announces a body and waits is counted as well" *
          one_server_only("each server counts for itself")) {
    RunningServer server(behind_proxy);
    HttpClient client(server.port());
    const auto knock_with_expectation = [&] {
        return send_raw(server.port(),
                        "POST /checkins HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer none\r\n"
                        "X-Forwarded-For: 203.0.113.9\r\nExpect: 100-continue\r\n"
                        "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n");
    };
    for (int left = 119; left >= 0; --left) {
        const auto answer = knock_with_expectation();
        REQUIRE(answer.status == 401);
        REQUIRE(parameter(answer.header("RateLimit"), "r") == left);
    }
    CHECK(knock_with_expectation().status == 429);
}

TEST_CASE("a user has one quota on all connections and sessions" *
          one_server_only("each server counts for itself")) {
    RunningServer server(limited);
    auto zoe = server.person("zoe");
    Client there(server);
    there.token =
        Client(server).post("/login", {{"username", "zoe"}, {"password", password}}).text("access_token");
    const auto before = remaining(knock(zoe));
    CHECK(remaining(knock(there)) == before - 1);
}

TEST_CASE("a wrong token spends nothing of the user it names, only of its own address" *
          one_server_only("each server counts for itself")) {
    RunningServer server(behind_proxy);
    auto zoe = server.person("zoe");
    const auto before = remaining(knock(zoe));
    Client thief(server);
    thief.token = zoe.token.substr(0, zoe.token.size() - 2) + "xx";
    for (int left = 119; left >= 0; --left) {
        const auto answer = knock(thief, from("203.0.113.9"));
        REQUIRE(answer.told() == "401 token_invalid");
        REQUIRE(answer.header("RateLimit").starts_with("\"anonymous-commands\""));
        REQUIRE(remaining(answer) == left);
    }
    CHECK(knock(thief, from("203.0.113.9")).told() == "429 rate_limited");
    CHECK(remaining(knock(zoe, from("203.0.113.9"))) == before - 1);
    Client other(server);
    CHECK(remaining(knock_anonymously(other, from("203.0.113.10"))) == 119);
}

TEST_CASE("without a token an address has a quota for commands and one for reads" *
          one_server_only("each server counts for itself")) {
    RunningServer server(behind_proxy);
    Client client(server);
    const auto command = knock_anonymously(client, from("203.0.113.9"));
    CHECK(command.header("RateLimit") == "\"anonymous-commands\";r=119;t=60");
    const auto read = client.get("/events", from("203.0.113.9"));
    CHECK(read.status == 200);
    CHECK(read.header("RateLimit") == "\"anonymous-reads\";r=1199;t=60");
    for (int left = 1198; left >= 0; --left)
        REQUIRE(remaining(client.get("/events", from("203.0.113.9"))) == left);
    CHECK(client.get("/events", from("203.0.113.9")).told() == "429 rate_limited");
    CHECK(client.send("HEAD", "/events", {}, from("203.0.113.9")).status == 429);
    CHECK(client.get("/events", from("203.0.113.10")).status == 200);
    CHECK(knock_anonymously(client, from("203.0.113.9")).status == 401);
}

TEST_CASE("nobody chooses an address who is no trusted proxy" *
          one_server_only("each server counts for itself")) {
    RunningServer server(limited);
    Client client(server);
    const auto before = remaining(client.get("/events"));
    CHECK(remaining(client.get("/events", from("203.0.113.9"))) == before - 1);
    CHECK(remaining(client.get("/events", from("203.0.113.10"))) == before - 2);
    CHECK(remaining(client.get("/events", header("Forwarded", "for=203.0.113.11"))) == before - 3);
    RunningServer behind(behind_proxy);
    Client through(behind);
    CHECK(remaining(through.get("/events", from("203.0.113.9"))) == 1199);
    // What the client wrote stands to the left of what the proxy added.
    CHECK(remaining(through.get("/events", from("198.51.100.1, 203.0.113.9"))) == 1198);
    CHECK(remaining(through.get("/events", header("Forwarded", "for=203.0.113.9"))) == 1197);
    CHECK(remaining(through.get("/events", from("203.0.113.10"))) == 1199);
}

TEST_CASE("what supervisors ask is never counted, and where limits are off nothing is") {
    RunningServer server(limited);
    Client client(server);
    for (const char* path : {"/health", "/livez", "/readyz", "/metrics"})
        CHECK_FALSE_MESSAGE(client.get(path).has_header("RateLimit"), path);
    RunningServer open;
    auto zoe = open.person("zoe");
    CHECK_FALSE(knock(zoe).has_header("RateLimit"));
}

TEST_CASE("one address may fail so often at any accounts and then waits; other addresses log in" *
          one_server_only("each server counts for itself")) {
    RunningServer server(behind_proxy);
    server.person("zoe");
    Client client(server);
    const auto log_in = [&](const std::string& name, const std::string& secret, const std::string& address) {
        return client.post("/login", {{"username", name}, {"password", secret}}, from(address));
    };
    for (int i = 0; i <= LoginFailures::address_free_failures; ++i) {
        if (i % 100 == 0) server.clock.advance(RequestLimits::window);  // the other limit is not meant here
        REQUIRE(log_in("user" + std::to_string(i), "a guess", "203.0.113.9").status == 401);
    }
    const auto refused = log_in("zoe", password, "203.0.113.9");
    CHECK(refused.told() == "429 throttled");
    CHECK(refused["violated-policies"] == json::array{"login-address"});
    CHECK(log_in("zoe", password, "203.0.113.10").status == 200);
    server.restart();
    CHECK(log_in("zoe", password, "203.0.113.9").told() == "429 throttled");
    server.clock.advance(std::chrono::seconds(std::stoi(refused.header("Retry-After"))));
    CHECK(log_in("zoe", password, "203.0.113.9").status == 200);
}

TEST_CASE(
    "many failures at many accounts from many addresses leave newcomers a few places, and the known all" *
    one_server_only("each server counts for itself")) {
    RunningServer server(behind_proxy);
    server.person("zoe");
    Client client(server);
    const auto log_in = [&](const std::string& name, const std::string& secret, const std::string& address) {
        return client.post("/login", {{"username", name}, {"password", secret}}, from(address));
    };
    const auto address = [](int number) {
        return "10.0." + std::to_string(number / 250) + '.' + std::to_string(number % 250);
    };
    REQUIRE(log_in("zoe", password, "203.0.113.9").status == 200);
    int tried = 0;
    for (int i = 0; i < 300; ++i)
        if (log_in("user" + std::to_string(i), "a guess", address(i)).status == 401) ++tried;
    CHECK(tried == LoginSpray::failures_per_minute_max + 1 + LoginSpray::newcomers_per_second_max);
    for (int round = 0; round < 2; ++round) {
        const auto known = log_in("zoe", password, "203.0.113.9");
        CHECK(known.status == 200);
        for (std::int64_t place = 0; round > 0 && place < LoginSpray::newcomers_per_second_max; ++place)
            CHECK(log_in("nobody" + std::to_string(place), "a guess", "203.0.113.11").status == 401);
        const auto newcomer = log_in("zoe", password, "203.0.113.10");
        CHECK(newcomer.told() == "429 throttled");
        CHECK(newcomer["violated-policies"] == json::array{"login-server"});
        CHECK(std::stoi(newcomer.header("Retry-After")) <= 10);
        server.restart();
    }
    server.clock.advance(std::chrono::minutes(1));
    CHECK(log_in("zoe", password, "203.0.113.10").status == 200);
}

std::string login_request(const std::string& secret, const std::string& address) {
    const auto body = json::serialize(json::object{{"username", "zoe"}, {"password", secret}});
    return "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nX-Forwarded-For: " +
           address + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

// From two hundred addresses at the same moment; how many answers were which.
std::map<std::string, int> told_at_once(RunningServer& server, const std::string& secret, int addresses) {
    std::vector<HttpClient> clients;
    for (int i = 0; i < 200; ++i) {
        const auto address = "203.0.113." + std::to_string(i % addresses + 1);
        clients.emplace_back(server.port()).wire().send(login_request(secret, address));
    }
    std::map<std::string, int> told;
    for (auto& client : clients) ++told[Answer{client.read_answer()}.told()];
    return told;
}

TEST_CASE("guesses sent all at once are as few as those sent one by one" *
          one_server_only("each server counts for itself")) {
    Flags flags = behind_proxy;
    flags["password-cost"] = "9";  // all have arrived before the first is answered
    RunningServer server(flags);
    server.person("zoe");
    auto told = told_at_once(server, "a guess of mine", 200);
    CHECK(told["401 invalid_credentials"] == LoginThrottle::free_failures + 1);
    CHECK(told["429 throttled"] == 200 - LoginThrottle::free_failures - 1);
}

TEST_CASE("two hundred log-ins of one person at once with the right password all succeed" *
          one_server_only("each server counts for itself")) {
    ServerOptions options;
    options.password_queue_max = 200;
    RunningServer server(behind_proxy, options);
    server.person("zoe");
    CHECK(told_at_once(server, password, 200)["200"] == 200);
    CHECK(told_at_once(server, password, 2)["200"] == 200);
}

}  // namespace
}  // namespace dacapo::test
