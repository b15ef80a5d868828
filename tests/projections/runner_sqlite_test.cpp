// What SQLite alone can be made to do to the runner: a full file, and a lock that another connection holds.
#include "tests/support/projected.hpp"

#include <doctest/doctest.h>
#include <set>

namespace dacapo {
namespace {

using testing::MemoryLog;
using testing::Projector;

StreamEvent message(std::int64_t id, std::int64_t conversation) {
    return {{StreamKind::conversation, conversation},
            ConversationEvent(MessageSent{
                {id}, {conversation}, id, {1}, {2}, "hi", std::nullopt, std::nullopt, Timestamp{}})};
}
void fill(MemoryLog& log, std::int64_t first, std::int64_t last) {
    for (auto id = first; id <= last; ++id) log.add(static_cast<int>(id % 16), {message(id, id % 16)});
}

// Waits for another thread; a test that fails says so instead of hanging.
template <class Condition>
bool soon(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
}

struct Files {
    TemporaryFolder folder;
    MemoryLog log;
    std::filesystem::path file = folder / "read.db";
};

TEST_CASE_FIXTURE(Files, "the tables that readiness looks into are all that projections make") {
    sql::Session session("sqlite:" + file.string(), sql::Use::write);
    for (const auto& projection : all_projections(session)) projection->create_tables();
    std::set<std::string> made, named;
    session.query("SELECT name FROM sqlite_master WHERE type = 'table'",
                  [&](const sql::Row& row) { made.insert(row.get<std::string>(0)); });
    for (const auto& table : read_tables()) named.emplace(table.name);
    CHECK(made == named);
}

TEST_CASE_FIXTURE(Files, "a full database is tried again and nothing is skipped") {
    RunnerOptions options;
    std::atomic<int> troubles{0};
    options.trouble = [&](std::string_view text) {
        if (text.starts_with("read_database_full")) ++troubles;
    };
    Projector projector(log, file, options);
    projector.runner.prepare();
    // An engine's own limit stands in for a full disk. Only this connection is limited.
    auto& writer = projector.database.writer();
    const auto pages = writer.value<std::int64_t>("PRAGMA page_count").value();
    writer.value<std::int64_t>("PRAGMA max_page_count = " + std::to_string(pages));
    fill(log, 1, 3000);
    projector.runner.start();
    CHECK(soon([&] { return troubles > 0; }));
    CHECK(projector.runner.gauges().lag_records() == 3000);
    CHECK(projector.runner.passed() == 0);
    projector.runner.stop();
    CHECK(troubles == 1);

    writer.value<std::int64_t>("PRAGMA max_page_count = 1000000");
    Projector after(log, file);
    after.catch_up();
    CHECK(writer.value<int>("SELECT count(*) FROM messages") == 3000);
}

TEST_CASE_FIXTURE(Files, "a database that another connection holds is waited for") {
    RunnerOptions options;
    std::atomic<int> troubles{0};
    options.trouble = [&](std::string_view text) {
        if (text.starts_with("read_database_busy")) ++troubles;
    };
    Projector projector(log, file, options);
    projector.runner.start();
    sql::Session other("sqlite:" + file.string(), sql::Use::write);
    {
        const sql::Transaction held(other);
        fill(log, 1, 5);
        CHECK(soon([&] { return troubles > 0; }));
        CHECK(projector.runner.passed() == 0);
    }
    CHECK(soon([&] { return projector.runner.passed() == 5; }));
}

}  // namespace
}  // namespace dacapo
