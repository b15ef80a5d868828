#include "tests/support/commands.hpp"
#include "tests/support/controlled_log.hpp"

#include <doctest/doctest.h>

namespace dacapo {
namespace {

using namespace dacapo::testing;
using Failure = ControlledLog::Failure;

constexpr UserId ana{1};
constexpr UserId ben{2};

struct Stage {
    TemporaryFolder folder;
    ManualClock clock;
    ControlledLog log;
    std::unique_ptr<RunningShards> running = std::make_unique<RunningShards>(log, folder, clock);

    Shard& accounts() { return running->shards.accounts(); }
    Shard& talk() { return running->shards.of_pair(ana, ben); }
    Answer<Receipt> begin(Shard& shard, Decide decide) {
        return running->io.begin(shard.submit(from({}), std::move(decide)));
    }
    // The log can be written again; the deadline is for the shards to have noticed.
    Receipt submit_until_taken(Shard& shard, const Decide& decide) {
        const auto deadline = std::chrono::steady_clock::now() + IoThread::patience;
        for (;;) {
            try {
                return running->run(shard.submit(from({}), decide));
            } catch (const http::Problem&) {
                if (std::chrono::steady_clock::now() > deadline) throw;
                std::this_thread::yield();
            }
        }
    }
    bool told(const std::string& what) {
        const auto all = running->told();
        return std::find(all.begin(), all.end(), what) != all.end();
    }
};

}  // namespace

TEST_CASE("a failed write takes every shard with commands in it or after it back to what is durable") {
    Stage stage;
    REQUIRE(&stage.accounts() != &stage.talk());
    stage.running->run(stage.accounts().submit(from({}), registering("ana")));
    const auto durable = stage.running->all_states();

    stage.log.hold();
    auto in_batch = stage.begin(stage.accounts(), registering("ben"));
    stage.log.wait_for_append(2);
    auto on_top = stage.begin(stage.accounts(), registering("cem"));
    auto refused = stage.begin(stage.accounts(), registering("ben"));
    auto elsewhere = stage.begin(stage.talk(), sending(ana, ben, "hello"));
    stage.running->io.drain();
    CHECK(stage.running->all_states() != durable);
    stage.log.fail_with(Failure::write);
    stage.log.release();
    for (auto* answer : {&in_batch, &on_top, &refused, &elsewhere})
        CHECK(RunningShards::problem_of(*answer) == "503 outcome_unknown");
    CHECK(stage.log.head() == 1);
    CHECK(stage.told("warning: write failed"));
    CHECK(stage.running->all_states() == durable);

    stage.log.fail_with(Failure::none);
    const auto receipt = stage.running->run(stage.accounts().submit(from({}), registering("ben")));
    CHECK(receipt.position == 2);
    CHECK(receipt.entry->record.sequence == 2);
    CHECK(stage.running->problem(stage.accounts().submit(from({}), registering("ana"))) == "400 email_taken");
    CHECK(stage.running->run(stage.talk().submit(from(ana), sending(ana, ben, "hello")))
              .entry->record.sequence == 1);
}

TEST_CASE("what memory holds after a failed write is what a restart would find") {
    Stage stage;
    for (const char* name : {"ana", "ben"})
        stage.running->run(stage.accounts().submit(from({}), registering(name)));
    stage.running->run(stage.talk().submit(from(ana), sending(ana, ben, "hello")));
    stage.log.fail_with(Failure::write);
    CHECK(stage.running->problem(stage.talk().submit(from(ben), sending(ben, ana, "lost"))) ==
          "503 outcome_unknown");
    stage.log.fail_with(Failure::none);
    stage.submit_until_taken(stage.talk(), sending(ben, ana, "kept"));
    const auto before = stage.running->all_states();
    stage.running.reset();
    stage.running = std::make_unique<RunningShards>(stage.log, stage.folder, stage.clock);
    CHECK(stage.running->all_states() == before);
}

TEST_CASE("while the disk is full every command is 507 and nothing waits for room") {
    Stage stage;
    auto options_room = std::filesystem::space(stage.folder.path()).available;
    REQUIRE(options_room > 0);
    stage.running.reset();
    // More room than there is: the shards stay closed until the test is over.
    stage.running = std::make_unique<RunningShards>(stage.log, stage.folder, stage.clock, 1'000'000,
                                                    std::numeric_limits<std::uintmax_t>::max());
    stage.log.fail_with(Failure::disk_full);
    CHECK(stage.running->problem(stage.accounts().submit(from({}), registering("ana"))) == "507 disk_full");
    CHECK(stage.running->problem(stage.accounts().submit(from({}), registering("ana"))) == "507 disk_full");
    CHECK(stage.running->problem(stage.talk().submit(from(ana), sending(ana, ben, "hello"))) ==
          "507 disk_full");
    CHECK(stage.log.appends_begun() == 1);
}

TEST_CASE("when there is room again commands are taken") {
    Stage stage;
    stage.log.fail_with(Failure::disk_full);
    CHECK(stage.running->problem(stage.accounts().submit(from({}), registering("ana"))) == "507 disk_full");
    stage.log.fail_with(Failure::none);
    const auto receipt = stage.submit_until_taken(stage.accounts(), registering("ana"));
    CHECK(receipt.position == 1);
    CHECK(receipt.entry->record.sequence == 1);
}

TEST_CASE("a failed sync is told to whoever ends the process and acknowledges nobody") {
    Stage stage;
    stage.log.hold();
    auto answer = stage.begin(stage.accounts(), registering("ana"));
    stage.log.wait_for_append(1);
    stage.log.fail_with(Failure::sync);
    stage.log.release();
    stage.running->shards.stop();
    CHECK(stage.told("broken: sync failed"));
    CHECK(stage.running->problem_of(answer) == "503 outcome_unknown");
    CHECK(stage.log.head() == 0);
}

}  // namespace dacapo
