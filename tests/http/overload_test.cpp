// Bounded queues: past them the answer is 503 with Retry-After, and nothing is recorded.
#include "tests/support/running_server.hpp"

#include <doctest/doctest.h>
#include <atomic>
#include <thread>

namespace dacapo::test {
namespace {

TEST_CASE("past the password queue log-ins and registrations are 503 and come through later") {
    ServerOptions options;
    options.password_queue_max = 1;
    RunningServer server(Flags{{"password-cost", "10"}}, options);
    server.person("zoe");
    const auto head = server.log_head();
    std::atomic<int> fine = 0;
    std::atomic<int> refused = 0;
    std::atomic<int> other = 0;
    std::vector<std::thread> clients;
    for (int i = 0; i < 12; ++i)
        clients.emplace_back([&, i] {
            Client client(server);
            const auto name = "name" + std::to_string(i);
            const auto answer = i % 2 == 0
                                    ? client.post("/login", {{"username", "zoe"}, {"password", password}})
                                    : client.post("/register", {{"username", name},
                                                                {"email", name + "@example.org"},
                                                                {"password", password}});
            if (answer.status == 200)
                ++fine;
            else if (answer.told() == "503 overloaded" && answer.has_header("Retry-After"))
                ++refused;
            else
                ++other;
        });
    for (auto& client : clients) client.join();
    CHECK(fine >= 1);
    CHECK(refused >= 1);
    CHECK(other == 0);
    CHECK(server.log_head() == head + fine);
    CHECK(Client(server).post("/login", {{"username", "zoe"}, {"password", password}}).status == 200);
}

}  // namespace
}  // namespace dacapo::test
