#include "projections/checkpoint_watch.hpp"

#include "tests/support/log_records.hpp"
#include "tests/support/projected.hpp"

#include <doctest/doctest.h>

namespace dacapo {
namespace {

using namespace testing;
using namespace std::chrono_literals;

StreamEvent something(std::int64_t id) {
    return {{StreamKind::instrument, id},
            InstrumentEvent(InstrumentAdded{{id}, "Drum " + std::to_string(id), ManualClock::noon})};
}

// A server that decides, beside a projector in another process.
struct Decider {
    explicit Decider(std::vector<int> shards = {1, 2}) {
        CheckpointWatchOptions options;
        options.database_url = database_url_for(folder / "read.db");
        options.shards = [shards] { return shards; };
        options.trouble = [this](std::string_view what) { troubles.emplace_back(what); };
        watch.emplace(log, clock, std::move(options));
    }
    std::chrono::milliseconds lag_after(std::chrono::milliseconds time) {
        clock.advance(time);
        watch->look();
        return watch->gauges().lag();
    }

    TemporaryFolder folder;
    ManualClock clock;
    MemoryLog log{16, "00000000000000aa", MemoryLog::Positions::by_shard};
    std::vector<std::string> troubles;
    std::optional<CheckpointWatch> watch;
    std::int64_t id = 1;
    void add(int shard) { log.add(shard, {something(id += 16)}, clock.now()); }
};

}  // namespace

TEST_CASE("the lag of projectors elsewhere is the age of what they have not passed") {
    Decider decider;
    Projector projector(decider.log, decider.folder / "read.db");
    projector.catch_up();
    CHECK(decider.lag_after(0ms) == 0ms);
    decider.add(1);
    CHECK(decider.lag_after(100ms) == 0ms);  // first seen now
    CHECK(decider.lag_after(900ms) == 900ms);
    decider.add(2);
    CHECK(decider.lag_after(1500ms) == 2400ms);
    projector.catch_up();
    CHECK(decider.lag_after(100ms) == 0ms);
    CHECK(decider.watch->gauges().lag_records() == 0);
    CHECK(decider.troubles.empty());
}

TEST_CASE("only the shards that are decided here count") {
    Decider decider({3});
    Projector projector(decider.log, decider.folder / "read.db");
    projector.catch_up();
    decider.add(1);
    decider.watch->look();
    CHECK(decider.lag_after(10s) == 0ms);
    decider.add(3);
    decider.watch->look();
    CHECK(decider.lag_after(3s) == 3s);
}

TEST_CASE("commands are admitted as fast as the projectors elsewhere follow") {
    Decider decider;
    Projector projector(decider.log, decider.folder / "read.db");
    projector.catch_up();
    LagAdmission admission(decider.watch->gauges());
    decider.watch->look();
    for (int i = 0; i < 50; ++i) {
        for (int k = 0; k < 100; ++k) decider.add(1);
        decider.clock.advance(100ms);
        projector.catch_up();
        for (int k = 0; k < 10; ++k) decider.add(2);  // something is always left
        decider.watch->look();
    }
    CHECK(decider.watch->gauges().records_per_second() == doctest::Approx(1'100).epsilon(0.1));
    CHECK(admission.admit());
    decider.lag_after(5s);
    int admitted = 0;
    for (int i = 0; i < 100'000; ++i) admitted += admission.admit() ? 1 : 0;
    CHECK(admitted < 10'000);
}

TEST_CASE("a database that does not answer is told once and counts as standing still") {
    Decider decider;
    decider.add(1);
    decider.watch->look();
    CHECK(decider.lag_after(3s) == 3s);  // no tables yet
    CHECK(decider.troubles.size() == 1);
    Projector projector(decider.log, decider.folder / "read.db");
    projector.catch_up();
    CHECK(decider.lag_after(100ms) == 0ms);
    CHECK(decider.troubles.size() == 1);
}

TEST_CASE("the watch looks by itself until it is stopped") {
    Decider decider;
    Projector projector(decider.log, decider.folder / "read.db");
    decider.add(1);
    projector.catch_up();
    decider.watch->start();
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (decider.watch->gauges().lag_records() != 0 && std::chrono::steady_clock::now() < deadline)
        std::this_thread::yield();
    CHECK(decider.watch->gauges().lag_records() == 0);
    decider.watch->stop();
}

}  // namespace dacapo
