// Bounded queues: past them the answer is 503 with Retry-After, and nothing is recorded.
#include "tests/support/running_server.hpp"

#include <doctest/doctest.h>

namespace dacapo::test {
namespace {

constexpr int at_once = 200;

std::string post(const std::string& target, const json::object& body) {
    const auto text = json::serialize(body);
    return "POST " + target +
           " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: " +
           std::to_string(text.size()) + "\r\n\r\n" + text;
}

TEST_CASE(
    "past the password queue log-ins and registrations are 503 while reads go on, and come through later") {
    ServerOptions options;
    options.password_queue_max = 20;
    // Slow enough for the queue to be full while two hundred requests arrive, and done within seconds.
    RunningServer server(Flags{{"password-cost", "10"}}, options);
    server.person("zoe");
    const auto head = server.log_head();
    std::vector<HttpClient> clients;
    for (int i = 0; i < at_once; ++i) {
        const auto name = "name" + std::to_string(i);
        clients.emplace_back(server.port())
            .wire()
            .send(i % 2 == 0
                      ? post("/login", {{"username", "zoe"}, {"password", password}})
                      : post("/register",
                             {{"username", name}, {"email", name + "@example.org"}, {"password", password}}));
    }
    CHECK(Client(server).get("/users/1").status == 200);  // no read waits for a password
    int fine = 0, refused = 0, other = 0;
    for (auto& client : clients) {
        const Answer answer{client.read_answer()};
        if (answer.status == 200)
            ++fine;
        else if (answer.told() == "503 overloaded" && answer.has_header("Retry-After") &&
                 answer.header("Content-Type") == "application/problem+json")
            ++refused;
        else
            ++other;
    }
    CHECK(fine >= 20);
    CHECK(refused >= 20);  // more where requests arrive as quickly as they were sent
    CHECK(other == 0);
    CHECK(server.log_head() == head + fine);
    CHECK(Client(server).post("/login", {{"username", "zoe"}, {"password", password}}).status == 200);
}

}  // namespace
}  // namespace dacapo::test
