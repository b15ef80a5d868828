#include "infra/text.hpp"
#include "tests/support/commands.hpp"
#include "tests/support/controlled_log.hpp"

#include <doctest/doctest.h>

namespace dacapo {
namespace {

using namespace dacapo::testing;

constexpr UserId ana{1};
constexpr UserId ben{2};
const std::string old_title = "Jam at the Docks";
const std::string new_title = "Night of the Owls";

// A gathering in the shard of its old title, and a new title that lies in another shard.
struct Stage {
    TemporaryFolder folder;
    ManualClock clock;
    ControlledLog log;
    std::unique_ptr<RunningShards> running = std::make_unique<RunningShards>(log, folder, clock);
    GatheringId id = schedule(old_title);

    Shards& shards() { return running->shards; }
    void crash() {
        running.reset();
        running = std::make_unique<RunningShards>(log, folder, clock);
    }
    // As the route creates: the title is settled first.
    GatheringId schedule(const std::string& title, UserId host = ana) {
        running->run(settle_stale_claim(shards(), fold(title)));
        return scheduled_id(
            running->run(shards()
                             .of_title(fold(title))
                             .submit(from(host), scheduling(title, clock.now() + std::chrono::hours(24)))));
    }
    std::string problem_of_scheduling(const std::string& title) {
        try {
            schedule(title, ben);
        } catch (const http::Problem& problem) {
            return problem.code;
        }
        return "";
    }
    void claim(const std::string& claim_id) {
        running->run(claim_title(shards(), from(ana), fold(new_title), id, claim_id));
    }
    Decide renaming(const std::string& claim_id) {
        return [this, claim_id](const ShardState& state, const Context& by) -> Verdict {
            const auto& gathering = gathering_in(state, id);
            auto details = gathering.details;
            details.title = new_title;
            RecordBuilder record;
            record.add<Gathering>(
                Gathering::decide(Gathering::Change{details, gathering.details_version, claim_id}, gathering,
                                  by),
                {StreamKind::gathering, id.value});
            add_title_release(record, state, gathering, by);
            return std::move(record).verdict();
        };
    }
    Gathering::State gathering() {
        return shards().of_id(id.value).peek(
            [&](const ShardState& state) { return gathering_in(state, id); });
    }
    std::optional<Title::Holder> holder(const std::string& title) {
        return shards().of_title(fold(title)).peek([&](const ShardState& state) {
            return title_in(state, fold(title)).holder;
        });
    }
};

}  // namespace

TEST_CASE("the titles of these tests lie in different shards") {
    CHECK(shard_of_title(fold(old_title), 16) != shard_of_title(fold(new_title), 16));
}

TEST_CASE("a title is unique among live gatherings and free again when its gathering is cancelled") {
    Stage stage;
    CHECK(stage.problem_of_scheduling("  JAM at the  docks") == "title_taken");
    stage.running->run(
        stage.shards().of_id(stage.id.value).submit(from(ana), ending(stage.id, Gathering::Cancel{})));
    CHECK(stage.problem_of_scheduling(old_title) == "");
}

TEST_CASE("a rename across shards claims there and changes here and confirms there") {
    Stage stage;
    stage.claim("c1");
    CHECK(!stage.holder(new_title)->confirmed);
    stage.running->run(stage.shards().of_id(stage.id.value).submit(from(ana), stage.renaming("c1")));
    stage.running->run(confirm_title(stage.shards(), fold(new_title), stage.id, "c1"));
    CHECK(stage.holder(new_title)->confirmed);
    CHECK(!stage.holder(old_title));
    CHECK(stage.gathering().details.title == new_title);
    CHECK(stage.problem_of_scheduling(new_title) == "title_taken");
    CHECK(stage.problem_of_scheduling(old_title) == "");
}

TEST_CASE("a claim left behind by a crash is taken for a minute and then freed by asking") {
    Stage stage;
    stage.claim("c1");
    stage.crash();
    CHECK(stage.problem_of_scheduling(new_title) == "title_taken");
    stage.clock.advance(unconfirmed_claim_grace - std::chrono::milliseconds(1));
    CHECK(stage.problem_of_scheduling(new_title) == "title_taken");
    stage.clock.advance(std::chrono::milliseconds(1));
    CHECK(stage.problem_of_scheduling(new_title) == "");
    CHECK(stage.gathering().details.title == old_title);
}

TEST_CASE("a rename that was abandoned cannot come through later") {
    Stage stage;
    stage.claim("c1");
    stage.clock.advance(unconfirmed_claim_grace);
    CHECK(stage.problem_of_scheduling(new_title) == "");
    auto& shard = stage.shards().of_id(stage.id.value);
    CHECK(stage.running->problem(shard.submit(from(ana), stage.renaming("c1"))) == "409 rename_abandoned");
    CHECK(stage.running->problem(confirm_title(stage.shards(), fold(new_title), stage.id, "c1")) ==
          "409 rename_abandoned");
    stage.crash();
    CHECK(stage.running->problem(
              stage.shards().of_id(stage.id.value).submit(from(ana), stage.renaming("c1"))) ==
          "409 rename_abandoned");
}

TEST_CASE("a rename that was carried out before a crash is confirmed by asking and never freed") {
    Stage stage;
    stage.claim("c1");
    stage.running->run(stage.shards().of_id(stage.id.value).submit(from(ana), stage.renaming("c1")));
    stage.crash();
    stage.clock.advance(unconfirmed_claim_grace * 2);
    CHECK(stage.problem_of_scheduling(new_title) == "title_taken");
    REQUIRE(stage.holder(new_title));
    CHECK(stage.holder(new_title)->confirmed);
    CHECK(stage.holder(new_title)->gathering_id == stage.id);
}

TEST_CASE("an old title that was not released before a crash is free again by asking") {
    Stage stage;
    // Home again: the gathering's new title lies elsewhere, and it goes on from there to a third.
    stage.claim("c1");
    stage.running->run(stage.shards().of_id(stage.id.value).submit(from(ana), stage.renaming("c1")));
    stage.running->run(confirm_title(stage.shards(), fold(new_title), stage.id, "c1"));
    Decide home = [&](const ShardState& state, const Context& by) -> Verdict {
        const auto& gathering = gathering_in(state, stage.id);
        auto details = gathering.details;
        details.title = old_title;
        RecordBuilder record;
        record.add<Title>(Title::decide(Title::Claim{fold(old_title), stage.id, "c2", true},
                                        title_in(state, fold(old_title)), by),
                          title_stream(fold(old_title)));
        record.add<Gathering>(
            Gathering::decide(Gathering::Change{details, gathering.details_version, "c2"}, gathering, by),
            {StreamKind::gathering, stage.id.value});
        return std::move(record).verdict();
    };
    stage.running->run(stage.shards().of_id(stage.id.value).submit(from(ana), home));
    stage.crash();  // Before the release of the title elsewhere.
    REQUIRE(stage.holder(new_title));
    CHECK(stage.problem_of_scheduling(new_title) == "");
    CHECK(stage.problem_of_scheduling(old_title) == "title_taken");
}

TEST_CASE("a confirmed claim of a live gathering stays however old it is") {
    Stage stage;
    stage.clock.advance(std::chrono::hours(20));
    stage.running->run(settle_stale_claim(stage.shards(), fold(old_title)));
    REQUIRE(stage.holder(old_title));
    CHECK(stage.problem_of_scheduling(old_title) == "title_taken");
}

TEST_CASE("no title is given away because of a cancellation that is not durable") {
    Stage stage;
    stage.claim("c1");
    stage.running->run(stage.shards().of_id(stage.id.value).submit(from(ana), stage.renaming("c1")));
    stage.running->run(confirm_title(stage.shards(), fold(new_title), stage.id, "c1"));
    stage.log.hold();
    const auto begun = stage.log.appends_begun();
    auto cancelled = stage.running->io.begin(
        stage.shards().of_id(stage.id.value).submit(from(ana), ending(stage.id, Gathering::Cancel{})));
    stage.log.wait_for_append(begun + 1);
    auto settled = stage.running->io.begin(settle_stale_claim(stage.shards(), fold(new_title)));
    stage.running->io.drain();
    CHECK(stage.holder(new_title));
    stage.log.fail_with(ControlledLog::Failure::write);
    stage.log.release();
    CHECK(RunningShards::problem_of(cancelled) == "503 outcome_unknown");
    CHECK(RunningShards::problem_of(settled) == "503 outcome_unknown");
    CHECK(stage.holder(new_title));
    CHECK(stage.gathering().phase == Gathering::Phase::scheduled);
}

}  // namespace dacapo
