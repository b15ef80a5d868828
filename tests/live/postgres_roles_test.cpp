// The servers of a cluster with least rights: what deploy/postgres/roles.sql grants is enough for command and
// query servers, and no more than they need.
#include "infra/kafka/topics.hpp"
#include "projections/bookkeeping.hpp"
#include "serve.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/kafka.hpp"
#include "tests/support/postgres.hpp"
#include "tests/support/proxy.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>
#include <boost/json.hpp>
#include <functional>
#include <thread>

namespace dacapo {
namespace {

using test::HttpClient;
using testing::Postgres;

constexpr std::chrono::seconds ready_patience{60};

bool comes_true(const std::function<bool()>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + ready_patience;
    while (!holds()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return true;
}

// The same database for another user, whose password is his name.
std::string as(const std::string& role, std::string url) {
    const auto begin = url.find("://") + 3;
    return url.replace(begin, url.find('@') - begin, role + ":" + role);
}

// As an operator makes it, once for the program: tables by the owner, two roles, and what the file grants.
const std::string& database() {
    static const std::string url = [] {
        auto made = Postgres::instance().schema("least_rights");
        sql::Session owner(made, sql::Use::write);
        sql::migrate(owner, bookkeeping_migrations());
        for (const std::string role : {"dacapo_command", "dacapo_query"})
            owner.script("CREATE ROLE " + role + " LOGIN PASSWORD '" + role + "'");
        owner.script(read_small_file(std::string(DACAPO_SOURCE_DIR) + "/deploy/postgres/roles.sql").value());
        return made;
    }();
    return url;
}

class Part {
public:
    Part(const KafkaUrl& log, Roles roles, const std::string& database_url)
        : server_(config_of(log, database_url), roles, lines_, clock_, options()) {
        server_.start();
    }
    ~Part() {
        stop();
        ::close(descriptor_);
    }
    void stop() { server_.stop(); }
    std::uint16_t port() const { return port_; }
    bool is_ready() const { return HttpClient(port_).request("GET", "/readyz").status == 200; }
    std::string logged() {
        lines_.flush(std::chrono::seconds(1));
        return read_small_file(folder_ / "server.log").value_or("");
    }

private:
    Config config_of(const KafkaUrl& log, const std::string& database_url) const {
        const std::string secret = "thirty-two bytes for these tests";
        const auto port = std::to_string(port_);
        const Environment environment{{"APP_ENV", "production"},
                                      {"PORT", port},
                                      {"ADVERTISED_URL", "http://127.0.0.1:" + port},
                                      {"THREADS", "1"},
                                      {"PASSWORD_COST", "10"},
                                      {"DATA_DIR", folder_.path().string()},
                                      {"EVENT_LOG", log.text()},
                                      {"DATABASE_URL", database_url},
                                      {"JWT_SECRET", secret},
                                      {"CLUSTER_SECRET", secret}};
        return load_config({}, environment, "", [](const std::string&) { return std::nullopt; });
    }
    static ServerOptions options() {
        ServerOptions made;
        made.on_broken = [](const std::string&) { std::abort(); };
        return made;
    }

    TemporaryFolder folder_;
    const std::uint16_t port_ = testing::free_port();
    const int descriptor_ =
        ::open((folder_ / "server.log").c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
    SystemClock clock_;
    LogLines lines_{LogLevel::info, clock_, descriptor_};
    Server server_;
};

TEST_CASE("command and query servers do their work with the rights that roles.sql grants") {
    KafkaTopicsOptions topics;
    topics.url = testing::Broker::instance().url("least-rights");
    migrate_kafka(topics);
    Part project(topics.url, {.command = false, .project = true, .query = false}, database());
    Part command(topics.url, {.command = true, .project = false, .query = false},
                 as("dacapo_command", database()));
    Part query(topics.url, {.command = false, .project = false, .query = true},
               as("dacapo_query", database()));
    for (const auto* part : {&project, &command, &query})
        REQUIRE(comes_true([&] { return part->is_ready(); }));

    const auto registered = HttpClient(command.port())
                                .request("POST", "/register", {},
                                         R"({"username": "nina", "email": "nina@example.org",)"
                                         R"( "password": "four-strings"})");
    REQUIRE_MESSAGE(registered.status == 200, registered.body);
    const auto token = boost::json::parse(registered.body).at("access_token").as_string();
    const test::Headers headers{{"Authorization", "Bearer " + std::string(token)},
                                {"Dacapo-Position", registered.header("Dacapo-Position")}};
    for (const char* path : {"/auth/me", "/users", "/events", "/messages/received", "/instruments",
                             "/checkins", "/auth/sessions"})
        CHECK_MESSAGE(HttpClient(query.port()).request("GET", path, headers).status == 200, path);

    const auto ticket = HttpClient(command.port()).request("POST", "/ws/ticket", headers);
    const auto feed = "/ws?ticket=" + std::string(boost::json::parse(ticket.body).at("ticket").as_string());
    CHECK(test::SocketClient(query.port(), feed).is_open());
    CHECK(test::SocketClient(query.port(), feed).handshake().status == 401);

    // The shards are given back, and their snapshots with them.
    command.stop();
    sql::Session owner(database(), sql::Use::write);
    CHECK(owner.value<int>("SELECT count(*) FROM shard_snapshots").value() > 0);
    for (auto* part : {&project, &command, &query}) {
        const auto lines = part->logged();
        CHECK_MESSAGE(lines.find("\"error\":") == lines.npos, lines);
        CHECK_MESSAGE(lines.find("cannot be written") == lines.npos, lines);
        CHECK_MESSAGE(lines.find("42501") == lines.npos, lines);
    }
}

TEST_CASE("what the servers do not need is denied them") {
    sql::Session owner(database(), sql::Use::write);
    // As a projector that builds its tables anew.
    owner.script("CREATE TABLE IF NOT EXISTS built_later (id BIGINT)");
    const auto denied = [](sql::Session& session, const std::string& statement) {
        try {
            session.execute(statement);
        } catch (const sql::Error& error) {
            return std::string(error.what()).find("42501") != std::string::npos;
        }
        return false;
    };
    sql::Session command(as("dacapo_command", database()), sql::Use::write);
    sql::Session query(as("dacapo_query", database()), sql::Use::write);
    for (auto* session : {&command, &query})
        for (const char* statement :
             {"CREATE TABLE mine (x BIGINT)", "DROP TABLE built_later",
              "ALTER TABLE built_later ADD COLUMN x BIGINT", "TRUNCATE checkpoints",
              "INSERT INTO built_later VALUES (1)", "UPDATE checkpoints SET position = 0",
              "DELETE FROM checkpoints", "DELETE FROM migrations", "INSERT INTO log_epoch VALUES (1, '', 0)",
              "UPDATE parked_events SET attempts = 0"})
            CHECK_MESSAGE(denied(*session, statement), statement);
    CHECK(denied(command, "SELECT count(*) FROM built_later"));
    CHECK(denied(query, "DELETE FROM shard_snapshots"));
    CHECK(denied(query, "UPDATE spent_feed_tickets SET expires_at = 0"));
    CHECK(denied(command, "INSERT INTO spent_feed_tickets VALUES ('a', 0)"));
    CHECK(query.value<int>("SELECT count(*) FROM built_later") == 0);
}

}  // namespace
}  // namespace dacapo
