#include "command/idempotency.hpp"

#include "tests/support/commands.hpp"
#include "tests/support/controlled_log.hpp"

#include <doctest/doctest.h>

namespace dacapo {
namespace {

using namespace dacapo::testing;
using namespace std::chrono_literals;
using Begin = IdempotencyTable::Begin;

constexpr UserId ana{1};
constexpr Timestamp noon = ManualClock::noon;

IdempotencyMark mark(const std::string& key, const std::string& body = "{}") {
    return idempotency_mark(ana, "POST", "/checkins", key, body);
}
bool is_first(const Begin& begin) { return std::holds_alternative<IdempotencyTable::First>(begin); }
bool is_other(const Begin& begin) { return std::holds_alternative<IdempotencyTable::OtherRequest>(begin); }
Position repeated(const Begin& begin) {
    const auto* repeat = std::get_if<IdempotencyTable::Repeat>(&begin);
    return repeat ? repeat->position : 0;
}

struct Stage {
    IdempotencyTable table;
    IoThread io;
    Begin begin(const IdempotencyMark& of, Timestamp now = noon) { return io.run(table.begin(of, now)); }
};

}  // namespace

TEST_CASE("a key belongs to a user and a method and a path") {
    const auto one = idempotency_mark(ana, "POST", "/a", "k", "{}");
    CHECK(one == idempotency_mark(ana, "POST", "/a", "k", "{}"));
    CHECK(one.key_hash != idempotency_mark(UserId{2}, "POST", "/a", "k", "{}").key_hash);
    CHECK(one.key_hash != idempotency_mark(ana, "PUT", "/a", "k", "{}").key_hash);
    CHECK(one.key_hash != idempotency_mark(ana, "POST", "/b", "k", "{}").key_hash);
    CHECK(one.key_hash != idempotency_mark(ana, "POST", "/a", "l", "{}").key_hash);
    CHECK(one.key_hash == idempotency_mark(ana, "POST", "/a", "k", "{ }").key_hash);
    CHECK(one.fingerprint != idempotency_mark(ana, "POST", "/a", "k", "{ }").fingerprint);
}

TEST_CASE("a repeat is told where the first one was recorded and another body is refused") {
    Stage stage;
    CHECK(is_first(stage.begin(mark("k"))));
    CHECK(is_other(stage.begin(mark("k", "other"))));
    stage.table.finish(mark("k"), 0, 7, noon);
    CHECK(repeated(stage.begin(mark("k"))) == 7);
    CHECK(is_other(stage.begin(mark("k", "other"))));
    CHECK(is_first(stage.begin(mark("other key"))));
}

TEST_CASE("a repeat of a running command waits for it") {
    Stage stage;
    CHECK(is_first(stage.begin(mark("k"))));
    auto repeat = stage.io.begin(stage.table.begin(mark("k"), noon));
    stage.io.drain();
    CHECK(repeat.wait_for(0ms) == std::future_status::timeout);
    SUBCASE("and gets its answer") {
        stage.table.finish(mark("k"), 0, 9, noon);
        CHECK(repeated(IoThread::result_of(repeat)) == 9);
    }
    SUBCASE("or its turn when that was refused") {
        stage.table.forget(mark("k"));
        CHECK(is_first(IoThread::result_of(repeat)));
    }
}

TEST_CASE("of many repeats that wait for a refused command one goes on and the others wait for it") {
    Stage stage;
    CHECK(is_first(stage.begin(mark("k"))));
    std::vector<Answer<Begin>> repeats;
    for (int i = 0; i < 5; ++i) repeats.push_back(stage.io.begin(stage.table.begin(mark("k"), noon)));
    stage.io.drain();
    stage.table.forget(mark("k"));
    // One of them is first; it then records.
    const auto deadline = std::chrono::steady_clock::now() + IoThread::patience;
    const auto ready = [](auto& future) { return future.wait_for(0ms) == std::future_status::ready; };
    while (std::none_of(repeats.begin(), repeats.end(), ready) && std::chrono::steady_clock::now() < deadline)
        std::this_thread::yield();
    stage.table.finish(mark("k"), 0, 3, noon);
    int firsts = 0;
    for (auto& repeat : repeats) {
        const auto begin = IoThread::result_of(repeat);
        if (is_first(begin))
            ++firsts;
        else
            CHECK(repeated(begin) == 3);
    }
    CHECK(firsts == 1);
}

TEST_CASE("a refused command frees its key for any body") {
    Stage stage;
    CHECK(is_first(stage.begin(mark("k"))));
    stage.table.forget(mark("k"));
    CHECK(is_first(stage.begin(mark("k", "other"))));
}

TEST_CASE("a key is remembered for the window and then free") {
    Stage stage;
    CHECK(is_first(stage.begin(mark("k"))));
    stage.table.finish(mark("k"), 0, 7, noon);
    CHECK(repeated(stage.begin(mark("k"), noon + idempotency_window)) == 7);
    CHECK(is_first(stage.begin(mark("k", "other"), noon + idempotency_window + 1ms)));
    stage.table.finish(mark("k", "other"), 0, 8, noon + idempotency_window + 1ms);
    // The first use leaves the table without taking the second with it.
    CHECK(is_first(stage.begin(mark("l"), noon + idempotency_window + 2ms)));
    stage.table.finish(mark("l"), 0, 9, noon + idempotency_window + 2ms);
    CHECK(repeated(stage.begin(mark("k", "other"), noon + idempotency_window + 3ms)) == 8);
}

TEST_CASE("the newest keys are remembered up to a limit") {
    IdempotencyTable table(3);
    IoThread io;
    for (int i = 1; i <= 4; ++i) {
        CHECK(is_first(io.run(table.begin(mark(std::to_string(i)), noon))));
        table.finish(mark(std::to_string(i)), 0, i, noon);
    }
    CHECK(repeated(io.run(table.begin(mark("2"), noon))) == 2);
    CHECK(is_first(io.run(table.begin(mark("1"), noon))));
}

TEST_CASE("keys are remembered over a restart with and without a snapshot and only for their window") {
    TemporaryFolder folder;
    ManualClock clock;
    ControlledLog log;
    bool graceful = false;
    SUBCASE("from the log") { graceful = false; }
    SUBCASE("from a snapshot") { graceful = true; }
    {
        RunningShards running(log, folder, clock);
        auto origin = from(ana);
        origin.idempotency = mark("k");
        running.run(running.shards.of_person(ana).submit(origin, checking_in(ana, "Docks")));
        if (graceful) running.shards.stop();
    }
    RunningShards running(log, folder, clock);
    CHECK(repeated(running.run(running.shards.idempotency().begin(mark("k"), clock.now()))) == 1);
    CHECK(is_other(running.run(running.shards.idempotency().begin(mark("k", "x"), clock.now()))));
    clock.advance(idempotency_window + 1ms);
    CHECK(is_first(running.run(running.shards.idempotency().begin(mark("k"), clock.now()))));
}

TEST_CASE("a shard's memory of keys is bounded by the window") {
    TemporaryFolder folder;
    ManualClock clock;
    ControlledLog log;
    RunningShards running(log, folder, clock);
    auto& shard = running.shards.of_person(ana);
    for (const char* key : {"a", "b", "c"}) {
        auto origin = from(ana);
        origin.idempotency = mark(key);
        running.run(shard.submit(origin, checking_in(ana, "Docks")));
        clock.advance(idempotency_window);
    }
    CHECK(shard.peek([](const ShardState& state) { return state.remembered_keys.size(); }) == 2);
}

}  // namespace dacapo
