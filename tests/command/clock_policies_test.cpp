#include "command/clock_policies.hpp"
#include "infra/text.hpp"
#include "tests/support/commands.hpp"
#include "tests/support/controlled_log.hpp"

#include <doctest/doctest.h>

namespace dacapo {
namespace {

using namespace dacapo::testing;
using namespace std::chrono_literals;

constexpr UserId ana{1};

struct Stage {
    TemporaryFolder folder;
    ManualClock clock;
    ControlledLog log;
    RunningShards running{log, folder, clock};
    ClockPolicies policies{running.shards, clock};

    GatheringId schedule(const std::string& title) {
        return scheduled_id(running.run(
            running.shards.of_title(fold(title)).submit(from(ana), scheduling(title, clock.now() + 24h))));
    }
    Gathering::Phase phase_of(GatheringId id) {
        return running.shards.of_id(id.value).peek(
            [&](const ShardState& s) { return gathering_in(s, id).phase; });
    }
    bool is_held(const std::string& title) {
        return running.shards.of_title(fold(title)).peek([&](const ShardState& s) {
            return title_in(s, fold(title)).holder.has_value();
        });
    }
    bool is_in(UserId person) {
        return running.shards.of_person(person).peek(
            [&](const ShardState& s) { return bool(s.check_ins.at(person).state.active_id); });
    }
};

}  // namespace

TEST_CASE("a check-in expires after a day and not before") {
    Stage stage;
    stage.running.run(stage.running.shards.of_person(ana).submit(from(ana), checking_in(ana, "Docks")));
    stage.clock.advance(24h - 1ms);
    stage.running.run(stage.policies.look());
    CHECK(stage.is_in(ana));
    stage.clock.advance(1ms);
    stage.running.run(stage.policies.look());
    CHECK(!stage.is_in(ana));
    const auto head = stage.log.head();
    CHECK(stage.log.read_at(0, head.at(0))->record.causation_id == "clock");
    stage.running.run(stage.policies.look());
    CHECK(stage.log.head() == head);
}

TEST_CASE("a check-in that replaced an older one lives its own day") {
    Stage stage;
    auto& shard = stage.running.shards.of_person(ana);
    stage.running.run(shard.submit(from(ana), checking_in(ana, "Docks")));
    stage.clock.advance(12h);
    stage.running.run(shard.submit(from(ana), checking_in(ana, "Halle")));
    stage.clock.advance(12h);
    stage.running.run(stage.policies.look());
    CHECK(stage.is_in(ana));
}

TEST_CASE("a gathering that is over ends and frees its title") {
    Stage stage;
    const auto id = stage.schedule("Jam");
    stage.clock.advance(24h + gathering_duration_default - 1ms);
    stage.running.run(stage.policies.look());
    CHECK(stage.phase_of(id) == Gathering::Phase::scheduled);
    CHECK(stage.is_held("Jam"));
    stage.clock.advance(1ms);
    stage.running.run(stage.policies.look());
    CHECK(stage.phase_of(id) == Gathering::Phase::past);
    CHECK(!stage.is_held("Jam"));
    CHECK(stage.running.shards.of_id(id.value).peek(
        [&](const ShardState& s) { return roster_in(s, id).closed; }));
}

TEST_CASE("a gathering that ends frees a title that lies in another shard") {
    Stage stage;
    const std::string elsewhere = "Night of the Owls";
    const auto id = stage.schedule("Jam at the Docks");
    REQUIRE(&stage.running.shards.of_title(fold(elsewhere)) != &stage.running.shards.of_id(id.value));
    stage.running.run(claim_title(stage.running.shards, from(ana), fold(elsewhere), id, "c1"));
    Decide rename = [&](const ShardState& state, const Context& by) -> Verdict {
        const auto& gathering = gathering_in(state, id);
        auto details = gathering.details;
        details.title = elsewhere;
        return verdict_of<Gathering>(Gathering::decide(Gathering::Change{details, 1, "c1"}, gathering, by),
                                     {StreamKind::gathering, id.value});
    };
    stage.running.run(stage.running.shards.of_id(id.value).submit(from(ana), rename));
    stage.running.run(confirm_title(stage.running.shards, fold(elsewhere), id, "c1"));
    stage.clock.advance(24h + gathering_duration_default);

    SUBCASE("but keeps it while the end cannot be recorded") {
        stage.log.fail_with(ControlledLog::Failure::write, 1);
        auto looking = stage.running.io.begin(stage.policies.look());
        IoThread::result_of(looking);
        CHECK(stage.phase_of(id) == Gathering::Phase::scheduled);
        CHECK(stage.is_held(elsewhere));
    }
    stage.running.run(stage.policies.look());
    CHECK(stage.phase_of(id) == Gathering::Phase::past);
    CHECK(!stage.is_held(elsewhere));
}

TEST_CASE("the clock looks by itself until it is stopped") {
    Stage stage;
    stage.running.run(stage.running.shards.of_person(ana).submit(from(ana), checking_in(ana, "Docks")));
    stage.clock.advance(24h);
    stage.policies.start();
    const auto deadline = std::chrono::steady_clock::now() + IoThread::patience;
    while (stage.is_in(ana) && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    CHECK(!stage.is_in(ana));
    stage.policies.stop();
    stage.policies.stop();
}

}  // namespace dacapo
