#include "tests/support/commands.hpp"
#include "tests/support/controlled_log.hpp"

#include <doctest/doctest.h>

namespace dacapo {
namespace {

using namespace dacapo::testing;

constexpr UserId ana{1};
constexpr UserId ben{2};

struct Stage {
    TemporaryFolder folder;
    ManualClock clock;
    ControlledLog log;
    std::unique_ptr<RunningShards> running = std::make_unique<RunningShards>(log, folder, clock);

    void restart() {
        running.reset();
        running = std::make_unique<RunningShards>(log, folder, clock);
    }
    Shard& accounts() { return running->shards.accounts(); }
};

Decide nothing() {
    return [](const ShardState&, const Context&) -> Verdict { return std::vector<StreamEvent>{}; };
}

}  // namespace

TEST_CASE("a command is recorded with its origin and answered with its position") {
    Stage stage;
    auto origin = from(ana);
    origin.correlation_id = "request-1";
    const auto receipt = stage.running->run(stage.accounts().submit(origin, registering("ana")));
    REQUIRE(receipt.entry);
    CHECK(receipt.position == 1);
    const auto stored = stage.log.read_at(0, 1)->record;
    CHECK(stored == receipt.entry->record);
    CHECK(stored.sequence == 1);
    CHECK(stored.actor == ana);
    CHECK(stored.correlation_id == "request-1");
    CHECK(stored.command_id == origin.command_id);
    CHECK(stored.time == ManualClock::noon);
}

TEST_CASE("commands of two threads on one shard are recorded in one order without gaps") {
    Stage stage;
    IoThread other;
    constexpr int each = 200;
    std::vector<Answer<Receipt>> answers;
    for (int i = 0; i < each; ++i) {
        auto& shard = stage.running->shards.of_pair(ana, ben);
        answers.push_back(stage.running->io.begin(shard.submit(from(ana), sending(ana, ben, "to ben"))));
        answers.push_back(other.begin(shard.submit(from(ben), sending(ben, ana, "to ana"))));
    }
    for (auto& answer : answers) CHECK(IoThread::result_of(answer).entry);
    const auto records = stage.log.read_after(0, 10'000);
    REQUIRE(records.size() == 2 * each);
    std::int64_t sequence = 0;
    std::int64_t version = 0;
    std::int64_t message = 0;
    for (const auto& entry : records) {
        CHECK(entry->record.sequence == ++sequence);
        for (const auto& recorded : entry->record.events) {
            CHECK(recorded.version == ++version);
            const auto* sent = std::get_if<MessageSent>(&std::get<ConversationEvent>(recorded.event));
            if (sent) CHECK(sent->sequence == ++message);
        }
    }
    CHECK(message == 2 * each);
    const auto before = stage.running->all_states();
    stage.restart();
    CHECK(stage.running->all_states() == before);
}

TEST_CASE("no reply leaves before its record is durable") {
    Stage stage;
    stage.log.hold();
    auto first = stage.running->io.begin(stage.accounts().submit(from({}), registering("ana")));
    stage.log.wait_for_append(1);
    auto second = stage.running->io.begin(stage.accounts().submit(from({}), registering("ben")));
    CHECK(first.wait_for(std::chrono::milliseconds(20)) == std::future_status::timeout);
    CHECK(stage.log.head() == 0);
    stage.log.release();
    CHECK(IoThread::result_of(first).position == 1);
    CHECK(IoThread::result_of(second).position == 2);
}

TEST_CASE("a refusal that rests on an event not yet durable waits for it") {
    Stage stage;
    stage.log.hold();
    auto first = stage.running->io.begin(stage.accounts().submit(from({}), registering("ana")));
    stage.log.wait_for_append(1);
    auto refused = stage.running->io.begin(stage.accounts().submit(from({}), registering("ana")));
    CHECK(refused.wait_for(std::chrono::milliseconds(20)) == std::future_status::timeout);
    stage.log.release();
    IoThread::result_of(first);
    CHECK(RunningShards::problem_of(refused) == "400 email_taken");
    CHECK(stage.log.head() == 1);
}

TEST_CASE("a problem thrown while deciding is a refusal that waits like any other") {
    Stage stage;
    stage.log.hold();
    auto first = stage.running->io.begin(stage.accounts().submit(from({}), registering("ana")));
    stage.log.wait_for_append(1);
    Decide throwing = [](const ShardState&, const Context&) -> Verdict {
        throw http::Problem(412, "precondition_failed", "");
    };
    auto refused = stage.running->io.begin(stage.accounts().submit(from({}), throwing));
    CHECK(refused.wait_for(std::chrono::milliseconds(20)) == std::future_status::timeout);
    stage.log.release();
    IoThread::result_of(first);
    CHECK(RunningShards::problem_of(refused) == "412 precondition_failed");
}

TEST_CASE("what changes nothing is answered with a position that holds what it rests on") {
    Stage stage;
    stage.log.hold();
    auto first = stage.running->io.begin(stage.accounts().submit(from({}), registering("ana")));
    stage.log.wait_for_append(1);
    auto quiet = stage.running->io.begin(stage.accounts().submit(from({}), nothing()));
    CHECK(quiet.wait_for(std::chrono::milliseconds(20)) == std::future_status::timeout);
    stage.log.release();
    const auto receipt = IoThread::result_of(quiet);
    CHECK(!receipt.entry);
    CHECK(receipt.position == 1);
    IoThread::result_of(first);
    CHECK(stage.running->run(stage.accounts().submit(from({}), nothing())).position == 1);
}

TEST_CASE("another shard does not wait for a batch that it has no part in") {
    Stage stage;
    stage.log.hold();
    auto first = stage.running->io.begin(stage.accounts().submit(from({}), registering("ana")));
    stage.log.wait_for_append(1);
    CHECK(!stage.running->run(stage.running->shards.at(1).submit(from({}), nothing())).entry);
    stage.log.release();
    IoThread::result_of(first);
}

TEST_CASE("what gathers during a write is one batch") {
    Stage stage;
    stage.log.hold();
    std::vector<Answer<Receipt>> answers;
    answers.push_back(stage.running->io.begin(stage.accounts().submit(from({}), registering("first"))));
    stage.log.wait_for_append(1);
    for (int i = 0; i < 50; ++i)
        answers.push_back(
            stage.running->io.begin(stage.running->shards.of_pair(ana, UserId{100 + i})
                                        .submit(from(ana), sending(ana, UserId{100 + i}, "x"))));
    stage.running->io.drain();
    stage.log.release();
    for (auto& answer : answers) IoThread::result_of(answer);
    CHECK(stage.log.appends_begun() == 2);
}

TEST_CASE("a write waits for more where several came for the last one") {
    Stage stage;
    stage.running.reset();
    stage.running =
        std::make_unique<RunningShards>(stage.log, stage.folder, stage.clock, std::chrono::seconds(1));
    const auto send = [&stage](std::int64_t to) {
        return stage.running->io.begin(
            stage.running->shards.of_pair(ana, UserId{to}).submit(from(ana), sending(ana, UserId{to}, "x")));
    };
    stage.log.hold();
    std::vector<Answer<Receipt>> answers;
    answers.push_back(send(101));
    stage.log.wait_for_append(1);
    answers.push_back(send(102));
    answers.push_back(send(103));
    stage.running->io.drain();
    stage.log.release();
    for (auto& answer : answers) IoThread::result_of(answer);
    CHECK(stage.log.appends_begun() == 2);

    // Without the wait the first would be written at once, and the second after it.
    auto first = send(104);
    stage.running->io.drain();
    auto second = send(105);
    IoThread::result_of(first);
    IoThread::result_of(second);
    CHECK(stage.log.appends_begun() == 3);
}

TEST_CASE("past the queue limit commands are refused until the log has caught up") {
    Stage stage;
    stage.log.hold();
    std::vector<Answer<Receipt>> answers;
    answers.push_back(stage.running->io.begin(stage.accounts().submit(from({}), registering("first"))));
    stage.log.wait_for_append(1);
    auto& shard = stage.running->shards.of_pair(ana, ben);
    for (std::size_t i = 0; i < Shard::pending_max; ++i)
        answers.push_back(stage.running->io.begin(shard.submit(from(ana), sending(ana, ben, "x"))));
    CHECK(stage.running->problem(shard.submit(from(ana), sending(ana, ben, "x"))) == "503 overloaded");
    stage.log.release();
    for (auto& answer : answers) IoThread::result_of(answer);
    CHECK(stage.running->problem(shard.submit(from(ana), sending(ana, ben, "x"))) == "");
}

TEST_CASE("the time of records never runs backwards within a shard") {
    Stage stage;
    stage.running->run(stage.accounts().submit(from({}), registering("ana")));
    stage.clock.advance(-std::chrono::hours(1));
    const auto receipt = stage.running->run(stage.accounts().submit(from({}), registering("ben")));
    CHECK(receipt.entry->record.time == ManualClock::noon);
    stage.restart();
    CHECK(stage.running->run(stage.accounts().submit(from({}), registering("cem"))).entry->record.time ==
          ManualClock::noon);
}

TEST_CASE("a stop writes what was decided before it") {
    Stage stage;
    stage.log.hold();
    auto answer = stage.running->io.begin(stage.accounts().submit(from({}), registering("ana")));
    stage.log.wait_for_append(1);
    auto late = stage.running->io.begin(stage.accounts().submit(from({}), registering("ben")));
    stage.running->io.drain();
    std::thread stopping([&] { stage.running->shards.stop(); });
    stage.log.release();
    stopping.join();
    CHECK(IoThread::result_of(answer).position == 1);
    CHECK(IoThread::result_of(late).position == 2);
}

TEST_CASE("starting and stopping at once many times never hangs") {
    for (int i = 0; i < 200; ++i) {
        Stage stage;
        stage.running->shards.stop();
    }
}

}  // namespace dacapo
