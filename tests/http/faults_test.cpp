// Each adapter broken in turn under a server that serves, and every operation asked. Whatever cannot be done
// is a problem that tells the client what it may do and nothing of what broke: every answer that a test reads
// is searched for such words (tests/support/answer_rules.cpp). Once the part is back, so is the server.
#include "infra/kafka/topics.hpp"
#include "infra/sql/session.hpp"
#include "tests/http/operation_stage.hpp"
#include "tests/support/engines.hpp"
#include "tests/support/forgetful_vfs.hpp"
#include "tests/support/kafka.hpp"
#include "tests/support/postgres.hpp"

#include <doctest/doctest.h>
#include <sqlite3.h>
#include <algorithm>
#include <atomic>
#include <fstream>
#include <future>
#include <limits>
#include <random>

namespace dacapo::test {
namespace {

// One of each operation, by somebody who may, made ready before anything breaks.
struct Question {
    std::string operation;
    std::string method;
    std::string path;
    std::string body;
    std::string token;
    Answer answer = {};
};

std::vector<Question> questions(OperationStage& stage) {
    std::vector<Question> all;
    for (const auto& operation : stage.server.documented.operations()) {
        const auto* row = row_of(operation);
        REQUIRE_MESSAGE(row, operation);
        const auto [method, pattern] = split(operation);
        const auto& token = row->owner < 300   ? stage.zoe.token
                            : row->other < 300 ? stage.malik.token
                                               : stage.admin.token;
        all.push_back({operation, method, stage.fresh_path(pattern), stage.fresh_body(row->body), token});
    }
    return all;
}

// Some answers need twice the usual patience: a command that another server decides waits on both for a
// broker that does not answer.
Answer asked(RunningServer& server, const Question& question) {
    HttpClient client(server.port());
    const auto token = header("Authorization", "Bearer " + question.token);
    try {
        return {client.request(question.method, question.path, token, question.body)};
    } catch (const std::runtime_error&) {
        return {client.read_answer()};
    }
}

// Several at once, since some wait for what does not come. The last is the one that ends its own session.
void ask_all(RunningServer& server, std::vector<Question>& all) {
    std::ranges::stable_partition(all, [](const auto& one) { return !one.path.ends_with("/logout"); });
    std::atomic<std::size_t> next = 0;
    std::vector<std::future<void>> clients;
    const auto ask = [&] {
        for (auto at = next++; at + 1 < all.size(); at = next++) all[at].answer = asked(server, all[at]);
    };
    for (int i = 0; i < 8; ++i) clients.push_back(std::async(std::launch::async, ask));
    for (auto& client : clients) client.get();
    all.back().answer = asked(server, all.back());
}

std::size_t count_of(const std::vector<Question>& all, int status) {
    return static_cast<std::size_t>(
        std::ranges::count(all, status, [](const auto& one) { return one.answer.status; }));
}

bool is_read(const Question& one) { return one.method == "GET"; }

// Asks everything while a part is broken: a 5xx has this status, or the other one, and there are some.
void check_told(OperationStage& stage, std::vector<Question>& all, int status, int other = 0) {
    stage.server.expect_internal_errors();
    ask_all(stage.server, all);
    for (const auto& one : all) {
        CAPTURE(one.operation);
        CAPTURE(one.answer.body);
        if (one.path == "/readyz") continue;
        if (one.answer.status >= 500 && one.answer.status != other) CHECK(one.answer.status == status);
    }
    CHECK(count_of(all, status) + count_of(all, other) > 5);
    CHECK(Client(stage.server).get("/livez").status == 200);
}

// Nothing can be read: a proxy is told to ask another server.
void check_not_ready(RunningServer& server) {
    const auto answer = Client(server).get("/readyz");
    CHECK(answer.told() == "503 not_ready");
    CHECK(answer.body.find("\"/parts/read_database\"") != std::string::npos);
}

// A new session, since the questions may have ended the one before.
void check_well(OperationStage& stage) {
    auto& zoe = stage.zoe;
    const json::object login{{"username", "zoe"}, {"password", password}};
    REQUIRE(comes_true([&] { return Client(stage.server).post("/login", login).status == 200; }));
    zoe.token = Client(stage.server).post("/login", login).text("access_token");
    CHECK(comes_true([&] { return zoe.get("/auth/me").status == 200; }));
    CHECK(comes_true([&] { return zoe.create_event("Encore").status == 200; }));
    CHECK(comes_true([&] { return zoe.get("/events?q=Encore").body.find("Encore") != std::string::npos; }));
}

void drop_tables(RunningServer& server) {
    if (testing::on_postgresql()) return testing::lose_database(server.file("read.db"));
    sql::Session session(server.config().database_url, sql::Use::write);
    std::vector<std::string> names;
    session.query("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
                  [&](const sql::Row& row) { names.push_back(row.get<std::string>(0)); });
    for (const auto& name : names) session.script("DROP TABLE " + name);
}

TEST_CASE("tables that somebody has dropped are an internal error that names nothing" *
          one_server_only("the proxy answers for a server that is not ready")) {
    OperationStage stage;
    auto all = questions(stage);
    drop_tables(stage.server);
    check_told(stage, all, 500);
    check_not_ready(stage.server);
    for (const auto& one : all)
        if (one.answer.status == 500) CHECK(one.answer.told() == "500 internal_error");
    CHECK(stage.server.logged().find("internal error") != std::string::npos);
    CHECK(stage.server.logged().find("\"msg\":\"read models\"") != std::string::npos);
    stage.server.stop();
    testing::lose_database(stage.server.file("read.db"));
    stage.server.start();
    check_well(stage);
}

TEST_CASE("a file of read models that holds noise is told as tables that cannot be read" *
          embedded_tables_only("it writes into the file of the read models")) {
    OperationStage stage;
    auto all = questions(stage);
    {
        std::mt19937 random(4);
        for (const char* name : {"read.db", "read.db-wal"}) {
            std::string noise(std::filesystem::file_size(stage.server.file(name)), '\0');
            for (auto& byte : noise) byte = static_cast<char>(random());
            std::fstream(stage.server.file(name), std::ios::in | std::ios::out | std::ios::binary) << noise;
        }
    }
    check_told(stage, all, 503, 500);
    check_not_ready(stage.server);
    stage.server.stop();
    testing::lose_database(stage.server.file("read.db"));
    stage.server.start();
    check_well(stage);
}

TEST_CASE("a database that has crashed is told as tables that cannot be read, until it is back" *
          postgresql_only("a file does not crash") *
          one_server_only("the proxy answers for a server that is not ready")) {
    OperationStage stage;
    auto all = questions(stage);
    testing::Postgres::instance().crash();
    check_told(stage, all, 503);
    check_not_ready(stage.server);
    testing::Postgres::instance().start();
    check_well(stage);
}

TEST_CASE("a log that cannot be written refuses commands, says whether they may have happened, and no read" *
          embedded_log_only("it breaks the disk below the file of the log")) {
    struct Row {
        int sqlite_code;
        int status;
    };
    for (const auto& [sqlite_code, status] : {Row{SQLITE_FULL, 507}, Row{SQLITE_IOERR_WRITE, 503}}) {
        register_forgetful_vfs();
        ServerOptions options;
        options.log_vfs = forgetful_vfs_name;
        OperationStage stage({}, std::move(options));
        auto all = questions(stage);
        forgetful::fail_writes(1, sqlite_code, std::numeric_limits<int>::max());
        check_told(stage, all, status);
        for (const auto& one : all)
            if (is_read(one)) CHECK_MESSAGE(one.answer.status == 200, one.operation);
        forgetful::heal();
        check_well(stage);
    }
}

TEST_CASE("a broker that is gone refuses commands, and no read" * kafka_only("the log is a file")) {
    testing::Broker broker;
    KafkaTopicsOptions topics;
    topics.url = broker.url("log");
    migrate_kafka(topics);
    OperationStage stage({{"event-log", topics.url.text()}});
    auto all = questions(stage);
    broker.kill();
    check_told(stage, all, 503);
    for (const auto& one : all)
        if (is_read(one)) CHECK_MESSAGE(one.answer.status == 200, one.operation);
    broker.revive();
    check_well(stage);
}

}  // namespace
}  // namespace dacapo::test
