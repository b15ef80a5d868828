// The runner's promises: in order, all or nothing, once, whatever else runs or fails.
#include "tests/support/projected.hpp"

#include <doctest/doctest.h>
#include <filesystem>

namespace dacapo {
namespace {

using testing::MemoryLog;
using testing::Projector;

constexpr UserId ana{1}, ben{2};

StreamEvent message(std::int64_t id, std::int64_t conversation = 17) {
    return {{StreamKind::conversation, conversation},
            ConversationEvent(MessageSent{
                {id}, {conversation}, id, ana, ben, "hi", std::nullopt, std::nullopt, Timestamp{}})};
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

// Counts in a table of its own, so that projecting a record twice is seen.
struct TallyRow {
    static constexpr std::string_view table = "tally";
    static constexpr int key_count = 1;
    static constexpr const char* create =
        "CREATE TABLE tally (id INTEGER PRIMARY KEY, count INTEGER NOT NULL)";
    std::int64_t id = 0, count = 0;
    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("id", self.id);
        field("count", self.count);
    }
};
template <int Version>
struct Tally {
    static constexpr std::string_view name = "tally";
    static constexpr int version = Version;
    explicit Tally(sql::Session& writer) : rows(writer) {}
    void apply(const MessageSent& e, const Recorded&) {
        rows.execute(
            "INSERT INTO tally VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET count = tally.count + $2",
            e.message_id, Version);
    }
    template <class Each>
    void tables(Each&& each) {
        each(rows);
    }
    sql::Table<TallyRow> rows;
};
template <int Version>
Projections with_tally(sql::Session& writer) {
    auto projections = all_projections(writer);
    projections.push_back(std::make_unique<ProjectionOf<Tally<Version>>>(writer));
    return projections;
}
std::int64_t tally(Projector& projector) {
    return projector.database.writer()
        .value<std::int64_t>("SELECT coalesce(sum(count), 0) FROM tally")
        .value();
}

struct Files {
    TemporaryFolder folder;
    MemoryLog log;
    std::filesystem::path file = folder / "read.db";
};

TEST_CASE_FIXTURE(Files, "a run that starts again goes on behind its checkpoint and projects nothing twice") {
    fill(log, 1, 50);
    {
        Projector first(log, file, {}, with_tally<1>);
        first.catch_up();
    }
    fill(log, 51, 60);
    Projector second(log, file, {}, with_tally<1>);
    second.catch_up();
    CHECK(tally(second) == 60);
    CHECK(second.runner.passed() == 60);
    CHECK(checkpoint_of(second.database.writer()).frontier == 60);
    CHECK(checkpoint_of(second.database.writer()).epoch == log.epoch());
}

TEST_CASE_FIXTURE(Files, "what stops between applying and committing changes nothing") {
    struct Killed {};
    fill(log, 1, 20);
    {
        RunnerOptions options;
        int sunk = 0;
        options.sinks.push_back([&](auto) { ++sunk; });
        options.before_commit = [] { throw Killed{}; };
        Projector first(log, file, options, with_tally<1>);
        CHECK_THROWS_AS(first.runner.step(), Killed);
        CHECK(tally(first) == 0);
        CHECK(first.rows("messages").empty());
        CHECK(checkpoint_of(first.database.writer()).frontier == 0);
        CHECK(sunk == 0);
        CHECK(first.runner.passed() == 0);
    }
    Projector second(log, file, {}, with_tally<1>);
    second.catch_up();
    CHECK(tally(second) == 20);
}

TEST_CASE_FIXTURE(Files,
                  "a raised version is rebuilt from the first record and the others stay as they are") {
    fill(log, 1, 30);
    {
        Projector old(log, file, {}, with_tally<1>);
        old.catch_up();
    }
    RunnerOptions options;
    options.batch_records_max = 7;
    std::vector<Position> sunk;
    options.sinks.push_back([&](auto entries) {
        for (const auto& entry : entries) sunk.push_back(entry->position);
    });
    Projector raised(log, file, options, with_tally<2>);
    raised.runner.prepare();
    CHECK(raised.runner.gauges().rebuilding());
    raised.runner.step();
    CHECK(tally(raised) == 14);
    CHECK(raised.runner.passed() == 0);  // Not before its tables are as new as the rest.
    fill(log, 31, 33);
    raised.catch_up();
    CHECK_FALSE(raised.runner.gauges().rebuilding());
    CHECK(tally(raised) == 66);
    CHECK(raised.runner.passed() == 33);
    CHECK(sunk == std::vector<Position>{31, 32, 33});
    CHECK(raised.database.writer().value<int>("SELECT count(*) FROM messages") == 33);
}

TEST_CASE_FIXTURE(Files, "a rebuild that was interrupted goes on where it was") {
    fill(log, 1, 30);
    {
        Projector old(log, file);
        old.catch_up();
    }
    RunnerOptions options;
    options.batch_records_max = 7;
    {
        Projector first(log, file, options, with_tally<1>);
        first.runner.step();
    }
    Projector second(log, file, options, with_tally<1>);
    second.runner.prepare();
    CHECK(tally(second) == 7);
    second.catch_up();
    CHECK(tally(second) == 30);
}

TEST_CASE_FIXTURE(Files, "a version raised during a rebuild or after one begins again at the first record") {
    fill(log, 1, 30);
    {
        Projector old(log, file);
        old.catch_up();
    }
    RunnerOptions options;
    options.batch_records_max = 7;
    {
        Projector interrupted(log, file, options, with_tally<1>);
        interrupted.runner.step();
    }
    {
        Projector raised(log, file, options, with_tally<2>);
        raised.catch_up();
        CHECK(tally(raised) == 60);
    }
    Projector raised_again(log, file, options, with_tally<3>);
    raised_again.catch_up();
    CHECK(tally(raised_again) == 90);
}

TEST_CASE_FIXTURE(Files,
                  "two runners on one database project each record once and both tell their sinks all") {
    RunnerOptions options;
    options.batch_records_max = 3;
    std::size_t one_sunk = 0, other_sunk = 0;
    options.sinks = {[&](auto entries) { one_sunk += entries.size(); }};
    Projector one(log, file, options, with_tally<1>);
    options.sinks = {[&](auto entries) { other_sunk += entries.size(); }};
    Projector other(log, file, options, with_tally<1>);
    one.runner.prepare();
    other.runner.prepare();
    for (int i = 0; i < 100; ++i) {
        log.add(i % 16, {message(i + 1)});
        if (i % 7 == 0) one.runner.step();
        if (i % 5 == 0) other.runner.step();
    }
    one.catch_up();
    other.catch_up();
    CHECK(tally(one) == 100);
    CHECK(one_sunk == 100);
    CHECK(other_sunk == 100);
    CHECK(one.runner.passed() == 100);
    CHECK(other.runner.passed() == 100);
}

TEST_CASE_FIXTURE(Files, "two runners may rebuild the same tables at the same time") {
    fill(log, 1, 40);
    {
        Projector old(log, file);
        old.catch_up();
    }
    RunnerOptions options;
    options.batch_records_max = 6;
    Projector one(log, file, options, with_tally<1>), other(log, file, options, with_tally<1>);
    for (int i = 0; i < 40; ++i) {
        one.runner.step();
        other.runner.step();
    }
    CHECK(tally(one) == 40);
    CHECK_FALSE(one.runner.gauges().rebuilding());
    CHECK_FALSE(other.runner.gauges().rebuilding());
    CHECK(other.runner.passed() == 40);
}

TEST_CASE_FIXTURE(Files, "two runners in threads of their own share the work of a busy log") {
    Projector one(log, file, {}, with_tally<1>), other(log, file, {}, with_tally<1>);
    one.runner.start();
    other.runner.start();
    fill(log, 1, 2000);
    CHECK(soon([&] { return one.runner.passed() == 2000 && other.runner.passed() == 2000; }));
    one.runner.stop();
    other.runner.stop();
    CHECK(tally(one) == 2000);
}

TEST_CASE_FIXTURE(Files, "a log of another epoch has every table built anew") {
    fill(log, 1, 30);
    {
        Projector old(log, file, {}, with_tally<1>);
        old.catch_up();
    }
    MemoryLog made_anew(16, "00000000000000bb");
    fill(made_anew, 101, 105);
    Projector projector(made_anew, file, {}, with_tally<1>);
    projector.catch_up();
    CHECK(tally(projector) == 5);
    CHECK(projector.database.writer().value<int>("SELECT count(*) FROM messages") == 5);
    CHECK(checkpoint_of(projector.database.writer()).epoch == made_anew.epoch());
}

TEST_CASE_FIXTURE(Files, "a log that ends before the read models is refused") {
    fill(log, 1, 30);
    {
        Projector old(log, file);
        old.catch_up();
    }
    log.truncate(29);
    Projector projector(log, file);
    CHECK_THROWS_AS(projector.runner.prepare(), LogRefused);
}

TEST_CASE_FIXTURE(Files, "a build that was overtaken by a newer one stops writing") {
    fill(log, 1, 5);
    Projector old(log, file, {}, with_tally<1>);
    old.catch_up();
    Projector raised(log, file, {}, with_tally<2>);
    raised.catch_up();
    fill(log, 6, 8);
    CHECK(old.runner.step());
    CHECK_THROWS_AS(old.runner.step(), std::logic_error);
    raised.catch_up();
    CHECK(tally(raised) == 16);
}

TEST_CASE_FIXTURE(Files, "a batch grows with the lag up to its limit") {
    std::vector<std::size_t> sizes;
    RunnerOptions options;
    options.sinks.push_back([&](auto entries) { sizes.push_back(entries.size()); });
    Projector projector(log, file, options);
    for (const auto& [first, last] : {std::pair{1, 1}, {2, 40}, {41, 12'041}}) {
        fill(log, first, last);
        projector.catch_up();
    }
    CHECK(sizes == std::vector<std::size_t>{1, 39, 10'000, 2'001});
}

TEST_CASE_FIXTURE(Files, "the thread follows the log and tells the sinks before it tells who waits") {
    RunnerOptions options;
    Projector* seen = nullptr;
    std::atomic<bool> in_order{true};
    options.sinks.push_back([&](auto entries) {
        if (seen->runner.passed().covers(0, entries.back()->position)) in_order = false;
    });
    Projector projector(log, file, options);
    seen = &projector;
    projector.runner.start();
    for (int i = 1; i <= 200; ++i) log.add(i % 16, {message(i)});
    CHECK(soon([&] { return projector.runner.passed() == 200; }));
    projector.runner.stop();
    CHECK(in_order);
    CHECK(projector.database.writer().value<int>("SELECT count(*) FROM messages") == 200);
}

}  // namespace
}  // namespace dacapo
