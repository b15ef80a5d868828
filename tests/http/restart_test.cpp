// What outlasts a stop, a lost read database, damaged snapshots; and what stops a start.
#include "infra/http/listener.hpp"
#include "infra/log/event_log.hpp"
#include "tests/support/postgres.hpp"
#include "tests/support/running_server.hpp"

#include <doctest/doctest.h>
#include <atomic>
#include <fstream>
#include <thread>

namespace dacapo::test {
namespace {

// Everything that can be read, as one text.
std::string everything(RunningServer& server, const Person& one, const Person& other) {
    std::string text;
    for (const auto* person : {&one, &other}) {
        Client client(server);
        client.token = person->token;
        for (const char* path :
             {"/users/", "/auth/me", "/events/", "/events/?status=cancelled", "/messages/received",
              "/messages/sent", "/checkins", "/checkins?active=false"})
            text += client.get(path).body + "\n";
        for (const auto& event : client.get("/events/").list())
            text += client.get("/events/" + json::serialize(event.at("id")) + "/participants").body + "\n";
    }
    return text;
}

struct Stage {
    Stage() : zoe(server.person("zoe")), malik(server.person("malik")) {
        event_id = zoe.create_event("Jam", {{"capacity", 2}}).number("id");
        malik.join(event_id);
        for (int i = 0; i < 5; ++i) {
            zoe.create_event("Event " + std::to_string(i));
            message_ids.push_back(zoe.message(malik, "Message " + std::to_string(i)).number("id"));
        }
        zoe.post("/events/" + std::to_string(event_id + 0) + "/cancel");
        malik.put("/messages/" + std::to_string(message_ids[2]) + "/read");
        malik.post("/checkins", {{"location_name", "Docks"}});
        malik.post("/checkins", {{"location_name", "Studio"}});
        before = everything(server, zoe, malik);
        head = server.log_head();
    }
    void check_same() {
        CHECK(everything(server, zoe, malik) == before);
        CHECK(server.log_head() == head);
        CHECK(zoe.create_event("event 1").told() == "400 title_taken");
        CHECK(Client(server).post("/login", {{"email", "zoe@example.org"}, {"password", password}}).status ==
              200);
        CHECK(server.person("ines").id == 3);
        const auto next = zoe.message(malik, "Next").number("id");
        for (const auto id : message_ids) CHECK(next > id);
        CHECK(malik.get("/messages/received").json().as_array().size() == message_ids.size() + 1);
    }

    RunningServer server;
    Person zoe;
    Person malik;
    std::int64_t event_id = 0;
    std::vector<std::int64_t> message_ids;
    std::string before;
    std::int64_t head = 0;
};

TEST_CASE("after a restart everything is there and ids go on and sessions live") {
    Stage stage;
    stage.server.restart();
    stage.check_same();
}

TEST_CASE("a lost read database is built again from the log") {
    Stage stage;
    stage.server.stop();
    testing::lose_database(stage.server.file("read.db"));
    stage.server.start();
    stage.check_same();
}

TEST_CASE(
    "damaged snapshots are discarded and the shards are built again from the log" *
    embedded_log_only("those of a shared log lie in a database: tests/command/shared_snapshot_test.cpp")) {
    Stage stage;
    stage.server.stop();
    int damaged = 0;
    for (const auto& entry : std::filesystem::directory_iterator(stage.server.file("snapshots"))) {
        std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
        if (damaged % 3 == 0) std::filesystem::resize_file(entry.path(), 10);
        file.seekp(static_cast<std::streamoff>(std::filesystem::file_size(entry.path()) / 2));
        file.put('#');
        ++damaged;
    }
    CHECK(damaged == 16);
    stage.server.start();
    stage.check_same();
    CHECK(stage.server.logged().find("snapshot") != std::string::npos);
}

TEST_CASE("without snapshots the shards are built again from the log") {
    Stage stage;
    stage.server.stop();
    std::filesystem::remove_all(stage.server.file("snapshots"));
    stage.server.start();
    stage.check_same();
}

TEST_CASE("a logged out session stays ended after a restart") {
    RunningServer server;
    auto zoe = server.person("zoe");
    zoe.post("/auth/logout");
    server.restart();
    CHECK(zoe.is_signed_out());
    CHECK(zoe.post("/auth/refresh", {{"refresh_token", zoe.refresh_token}}).status == 401);
}

TEST_CASE("a position from before a restart still counts") {
    RunningServer server;
    auto zoe = server.person("zoe");
    const auto position = zoe.create_event("Jam").header("Dacapo-Position");
    server.restart();
    CHECK(zoe.get("/events/", header("Dacapo-Position", position)).json().as_array().size() == 1);
}

TEST_CASE("a port that is taken stops the start and names it") {
    RunningServer server;
    TemporaryFolder folder;
    auto config = server.config();
    config.port = server.port();
    config.data_dir = folder.path();
    config.event_log_file = folder / "log.db";
    config.database_url = testing::database_url_for(folder / "read.db");
    try {
        Server second(config, Roles{}, server.lines(), server.clock, {});
        FAIL("a second server took the same port");
    } catch (const http::PortTaken& taken) {
        CHECK(std::string(taken.what()).find(std::to_string(server.port())) != std::string::npos);
    }
    CHECK(Client(server).get("/livez").status == 200);
}

TEST_CASE("a second server on the same log is refused" *
          embedded_log_only("a log on Kafka has many writers, each of its own shards")) {
    RunningServer server;
    auto zoe = server.person("zoe");
    CHECK_THROWS_AS(Server(server.config(), Roles{}, server.lines(), server.clock, {}), LogRefused);
    CHECK(zoe.get("/auth/me").status == 200);
}

TEST_CASE(
    "a log that is damaged in its middle stops the start and names the position" *
    embedded_log_only(
        "it writes into the file of the log; tests/infra/kafka_log_failure_test.cpp damages messages")) {
    RunningServer server;
    auto zoe = server.person("zoe");
    for (int i = 0; i < 3; ++i) zoe.create_event("MARKED " + std::to_string(i));
    server.stop();
    std::filesystem::remove_all(server.file("snapshots"));
    std::string bytes;
    {
        std::ifstream file(server.file("log.db"), std::ios::binary);
        bytes.assign(std::istreambuf_iterator<char>(file), {});
    }
    const auto intact = bytes;
    const auto at = bytes.find("MARKED 1");
    REQUIRE(at != std::string::npos);
    bytes[at] = 'm';
    std::ofstream(server.file("log.db"), std::ios::binary) << bytes;
    std::string why;
    try {
        server.start();
    } catch (const LogRefused& refused) {
        why = refused.what();
    }
    CHECK_MESSAGE(why.find("osition") != std::string::npos, why);
    std::ofstream(server.file("log.db"), std::ios::binary) << intact;
    server.start();
    CHECK(zoe.get("/events/").json().as_array().size() == 3);
}

TEST_CASE("what was acknowledged before a graceful stop under load is there afterwards") {
    RunningServer server;
    auto zoe = server.person("zoe");
    auto malik = server.person("malik");
    constexpr int client_count = 6;
    std::vector<std::vector<std::int64_t>> acknowledged(client_count);
    std::vector<std::thread> clients;
    std::atomic<int> sent = 0;
    std::atomic<int> wrong = 0;
    const auto port = server.port();
    for (int i = 0; i < client_count; ++i)
        clients.emplace_back([&, i] {
            try {
                HttpClient client(port);
                client.default_headers = header("Authorization", "Bearer " + zoe.token);
                while (true) {
                    const auto answer =
                        client.request("POST", "/messages/", {}, R"({"content":"x","receiver_id":2})");
                    if (answer.status == 200) {
                        acknowledged[static_cast<std::size_t>(i)].push_back(Answer{answer}.number("id"));
                        ++sent;
                    } else if (answer.status != 503) {
                        ++wrong;
                    }
                }
            } catch (const std::runtime_error&) {
                // The server has closed the connection and its port.
            }
        });
    CHECK(comes_true([&] { return sent > 300; }));
    const auto began = std::chrono::steady_clock::now();
    server.stop();
    CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(10));
    for (auto& client : clients) client.join();
    CHECK(wrong == 0);

    server.start();
    std::multiset<std::int64_t> there;
    for (int skip = 0;; skip += 500) {
        const auto page = malik.get("/messages/received?limit=500&skip=" + std::to_string(skip)).json();
        for (const auto& message : page.as_array()) there.insert(message.at("id").to_number<std::int64_t>());
        if (page.as_array().size() < 500) break;
    }
    for (const auto& ids : acknowledged)
        for (const auto id : ids) REQUIRE(there.count(id) == 1);
}

}  // namespace
}  // namespace dacapo::test
