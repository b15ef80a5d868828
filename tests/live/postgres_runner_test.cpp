// Read models on a PostgreSQL that crashes and loses its connections under load: nothing is lost, nothing
// comes twice.
#include "tests/support/projected.hpp"
#include "tests/support/running_server.hpp"

#include <doctest/doctest.h>
#include <atomic>
#include <thread>

namespace dacapo {
namespace {

using testing::MemoryLog;
using testing::Postgres;
using testing::Projector;

constexpr UserId ana{1}, ben{2};
constexpr std::int64_t jam_count = 8;

template <class Condition>
bool soon(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
}

void open_jams(MemoryLog& log) {
    for (std::int64_t id = 16; id < 16 + jam_count; ++id)
        log.add(static_cast<int>(id % 16),
                {{{StreamKind::gathering, id},
                  GatheringEvent(GatheringScheduled{{id}, ana, {}, "c" + std::to_string(id), Timestamp{}})},
                 {{StreamKind::roster, id}, RosterEvent(RosterOpened{{id}, 1000})}});
}

// One message, and somebody who joins: counts tell when a record has been applied twice.
void busy(MemoryLog& log, std::int64_t n) {
    const ConversationId talk{n % 16 + 16};
    log.add(static_cast<int>(n % 16),
            {{{StreamKind::conversation, talk.value},
              ConversationEvent(
                  MessageSent{{n}, talk, n, ana, ben, "hi", std::nullopt, std::nullopt, Timestamp{}})}});
    const GatheringId jam{16 + n % jam_count};
    log.add(static_cast<int>(jam.value % 16),
            {{{StreamKind::roster, jam.value}, RosterEvent(ParticipantJoined{jam, {n + 10}, Timestamp{}})}});
}

// Without it these would pass on files, whatever becomes of the server.
struct Asked {
    Asked() { REQUIRE_MESSAGE(testing::on_postgresql(), "set DACAPO_TEST_DATABASE=postgresql"); }
};

struct Disturbed : Asked {
    TemporaryFolder folder;
    MemoryLog log;
    std::filesystem::path file = folder / "read.db";

    // Two runners beside each other while `disturb` is called again and again; then the tables must be those
    // of an undisturbed run.
    template <class Disturb>
    void run(int disturbance_count, Disturb disturb) {
        std::atomic<std::int64_t> sunk{0};
        RunnerOptions options;
        options.batch_records_max = 100;
        options.sinks.push_back([&](auto entries) { sunk += static_cast<std::int64_t>(entries.size()); });
        Projector one(log, file, options), other(log, file, options);
        one.runner.start();
        other.runner.start();
        open_jams(log);
        std::int64_t n = 0;
        for (int i = 0; i < disturbance_count; ++i) {
            const auto passed = one.runner.passed().total();
            for (int k = 0; k < 200; ++k) busy(log, ++n);
            disturb();
            REQUIRE(soon([&] { return one.runner.passed().total() > passed; }));
        }
        CHECK(soon([&] { return one.runner.passed() == log.head() && other.runner.passed() == log.head(); }));
        one.runner.stop();
        other.runner.stop();
        CHECK(sunk.load() == 2 * log.head().total());
        CHECK(one.runner.gauges().parked_count() == 0);

        Projector anew(log, folder / "anew.db");
        anew.catch_up();
        CHECK(one.all() == anew.all());
        CHECK(one.database.writer().value<std::int64_t>("SELECT count(*) FROM messages") == n);
    }
};

TEST_CASE_FIXTURE(Disturbed, "a server that crashes under load loses nothing") {
    run(4, [] {
        Postgres::instance().crash();
        Postgres::instance().start();
    });
}

TEST_CASE_FIXTURE(Disturbed, "connections that are ended again and again lose nothing") {
    sql::Session killer(Postgres::instance().schema("killer"), sql::Use::write);
    run(60, [&] {
        killer.value<int>(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE application_name = 'dacapo' AND pid <> pg_backend_pid()");
    });
}

TEST_CASE_FIXTURE(Asked, "many processes that start on an empty database make its tables once") {
    TemporaryFolder folder;
    MemoryLog log;
    open_jams(log);
    std::vector<std::unique_ptr<Projector>> projectors;
    for (int i = 0; i < 6; ++i) projectors.push_back(std::make_unique<Projector>(log, folder / "read.db"));
    std::vector<std::thread> threads;
    std::atomic<int> failed{0};
    for (auto& projector : projectors)
        threads.emplace_back([&] {
            try {
                projector->catch_up();
            } catch (const std::exception&) {
                ++failed;
            }
        });
    for (auto& thread : threads) thread.join();
    CHECK(failed == 0);
    for (auto& projector : projectors) CHECK(projector->runner.passed() == log.head());
    CHECK(projectors[0]->database.writer().value<int>("SELECT count(*) FROM events") == jam_count);
}

TEST_CASE_FIXTURE(Asked, "while the database is away reads are refused and commands go on") {
    test::RunningServer server(test::Flags{{"cache-mb", "0"}});
    auto zoe = server.person("zoe");
    auto malik = server.person("malik");
    CHECK(zoe.message(malik, "before").status == 200);
    CHECK(malik.get("/messages/received").list().size() == 1);

    Postgres::instance().crash();
    const auto refused = malik.get("/messages/received");
    CHECK(refused.told() == "503 read_models_unavailable");
    CHECK_FALSE(refused.header("Retry-After").empty());
    CHECK(zoe.get("/readyz").told() == "503 not_ready");
    CHECK(zoe.message(malik, "meanwhile").status == 200);

    Postgres::instance().start();
    CHECK(test::comes_true([&] { return zoe.get("/readyz").status == 200; }));
    CHECK(test::comes_true([&] {
        const auto received = malik.get("/messages/received");
        return received.status == 200 && received.list().size() == 2;
    }));
}

TEST_CASE_FIXTURE(Asked,
                  "in production a database that was not migrated refuses the start and names the command") {
    TemporaryFolder folder;
    const auto url = testing::database_url_for(folder / "read.db");
    const auto start = [&](const char* environment) {
        const auto config = load_config(
            {"--app-env", environment, "--data-dir", folder.path().string(), "--port", "0"},
            {{"JWT_SECRET", "thirty-two bytes for these tests"}, {"DATABASE_URL", url}}, "", read_small_file);
        testing::ManualClock clock;
        LogLines lines(LogLevel::error, clock);
        Server server(config, Roles{}, lines, clock, {});
        server.start();
    };
    try {
        start("production");
        FAIL("started");
    } catch (const sql::NotMigrated& refusal) {
        CHECK(std::string(refusal.what()).find("dacapo migrate") != std::string::npos);
    }
    start("development");
    start("production");
}

}  // namespace
}  // namespace dacapo
