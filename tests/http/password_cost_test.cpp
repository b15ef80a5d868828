// PASSWORD_COST raised by an operator: whoever logs in is hashed anew, in the record of that log-in.
#include "tests/support/engines.hpp"
#include "tests/support/running_server.hpp"

#include <doctest/doctest.h>
#include <fstream>
#include <vector>

namespace dacapo::test {
namespace {

const auto reads_the_file = embedded_log_only("it reads hashes out of the file of the log");

// How many hashes of this cost stand in the log. Stops the server, which then has written all it had.
int hashes_of_cost(RunningServer& server, int cost) {
    server.stop();
    const auto wanted = (cost < 10 ? "$2b$0" : "$2b$") + std::to_string(cost) + "$";
    int count = 0;
    for (const char* name : {"log.db", "log.db-wal"}) {
        std::ifstream file(server.file(name), std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(file), {}};
        for (auto at = bytes.find(wanted); at != bytes.npos; at = bytes.find(wanted, at + 1)) ++count;
    }
    server.start();
    return count;
}

Answer log_in(RunningServer& server, const std::string& name, const std::string& secret = password) {
    return Client(server).post("/login", {{"username", name}, {"password", secret}});
}

TEST_CASE("a log-in under a higher cost than its hash has records a new one, once, and ends no session" *
          reads_the_file) {
    RunningServer server;
    auto zoe = server.person("zoe");
    server.person("malik");
    REQUIRE(hashes_of_cost(server, 4) == 2);
    server.restart({{"password-cost", "5"}});
    CHECK(log_in(server, "zoe", "a guess of mine").told() == "401 invalid_credentials");
    CHECK(hashes_of_cost(server, 5) == 0);
    const auto head = server.log_head();
    CHECK(log_in(server, "zoe").status == 200);
    CHECK(server.log_head() == head + 1);  // the session and the hash are one record
    CHECK(hashes_of_cost(server, 5) == 1);
    for (int again = 0; again < 2; ++again) {
        CHECK(log_in(server, "zoe").status == 200);
        CHECK(hashes_of_cost(server, 5) == 1);
    }
    CHECK(hashes_of_cost(server, 4) == 2);  // the past stays; malik has not come
    CHECK(log_in(server, "zoe", "a guess of mine").told() == "401 invalid_credentials");
    CHECK(zoe.get("/auth/me").status == 200);
    CHECK(zoe.get("/auth/sessions").list().size() == 4);
}

TEST_CASE("a lower cost changes no hash" * reads_the_file) {
    RunningServer server(Flags{{"password-cost", "5"}});
    server.person("zoe");
    server.restart({{"password-cost", "4"}});
    CHECK(log_in(server, "zoe").status == 200);
    CHECK(hashes_of_cost(server, 4) == 0);
    CHECK(hashes_of_cost(server, 5) == 1);
}

TEST_CASE("log-ins at the same moment all succeed, and one of them hashes anew" * reads_the_file) {
    RunningServer server;
    server.person("zoe");
    server.restart({{"password-cost", "8"}});
    const auto body = json::serialize(json::object{{"username", "zoe"}, {"password", password}});
    const auto request =
        "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "Content-Length: " +
        std::to_string(body.size()) + "\r\n\r\n" + body;
    std::vector<HttpClient> clients;
    for (int i = 0; i < 20; ++i) clients.emplace_back(server.port()).wire().send(request);
    for (auto& client : clients) CHECK(client.read_answer().status == 200);
    CHECK(hashes_of_cost(server, 8) == 1);
}

}  // namespace
}  // namespace dacapo::test
