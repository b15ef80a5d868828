#include "command/snapshot.hpp"
#include "command/snapshot_files.hpp"
#include "infra/text.hpp"
#include "tests/support/commands.hpp"
#include "tests/support/controlled_log.hpp"

#include <doctest/doctest.h>
#include <fstream>

namespace dacapo {
namespace {

using namespace dacapo::testing;

constexpr UserId ana{1};
constexpr UserId ben{2};

// A little of everything, in many shards.
void play(RunningShards& running, int round) {
    auto& shards = running.shards;
    const auto now = running.now();
    const auto name = "user" + std::to_string(round);
    const auto title = "Jam " + std::to_string(round);
    running.run(shards.accounts().submit(from({}), registering(name)));
    running.run(shards.accounts().submit(from({}), opening_session(UserId{1})));
    if (round % 2) running.run(shards.accounts().submit(from({}), ending_session(SessionId{round})));
    const auto id = scheduled_id(running.run(
        shards.of_title(fold(title)).submit(from(ana), scheduling(title, now + std::chrono::hours(24), 2))));
    for (int user = 2; user < 5; ++user)
        running.run(shards.of_id(id.value).submit(from(UserId{user}), joining(id)));
    if (round % 3 == 0)
        running.run(shards.of_id(id.value).submit(from(ana), ending(id, Gathering::Cancel{})));
    for (int user = 2; user < 5; ++user)
        running.run(shards.of_pair(ana, UserId{user})
                        .submit(from(ana), sending(ana, UserId{user}, "hello", "c" + std::to_string(round))));
    const UserId person{round};
    auto origin = from(person);
    origin.idempotency = idempotency_mark(person, "POST", "/checkins", name, "{}");
    running.run(shards.of_person(person).submit(origin, checking_in(person, "Docks")));
    running.run(shards.of_person(ana).submit(from(ana), checking_in(ana, "Halle")));
}

struct Stage {
    TemporaryFolder folder;
    ManualClock clock;
    ControlledLog log;
    std::unique_ptr<RunningShards> running;

    explicit Stage(std::size_t every = 1'000'000) { start(every); }
    void start(std::size_t every = 1'000'000) {
        running = std::make_unique<RunningShards>(log, folder, clock, every);
    }
    void restart() {
        running.reset();
        start();
    }
    void restart_without_snapshots() {
        running.reset();
        std::filesystem::remove_all(folder / "snapshots");
        start();
    }
    std::filesystem::path file(int shard) const {
        return folder / ("snapshots/shard-" + std::string(shard < 10 ? "0" : "") + std::to_string(shard) +
                         ".snapshot");
    }
};

std::string contents(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}
void write(const std::filesystem::path& file, const std::string& bytes) {
    std::ofstream(file, std::ios::binary) << bytes;
}

}  // namespace

TEST_CASE("a snapshot gives back the whole state of every shard") {
    Stage stage;
    for (int round = 1; round <= 12; ++round) play(*stage.running, round);
    for (int i = 0; i < stage.running->shards.count(); ++i) {
        CAPTURE(i);
        stage.running->shards.at(i).peek([&](const ShardState& state) {
            ShardState again;
            again.shard = state.shard;
            again.shard_count = state.shard_count;
            decode_snapshot(encode_snapshot(state), again);
            CHECK(RunningShards::comparable(again) == RunningShards::comparable(state));
            CHECK(again.position == state.position);
            // What a snapshot does not hold is found again from what it does.
            CHECK(again.direct_conversations == state.direct_conversations);
            CHECK(again.active_check_ins == state.active_check_ins);
            CHECK(again.check_in_expiries == state.check_in_expiries);
            CHECK(again.gathering_ends == state.gathering_ends);
            CHECK(again.open_sessions == state.open_sessions);
            return 0;
        });
    }
}

TEST_CASE("damaged bytes are never taken for a state") {
    Stage stage;
    play(*stage.running, 1);
    const auto bytes =
        stage.running->shards.accounts().peek([](const ShardState& s) { return encode_snapshot(s); });
    ShardState again;
    CHECK_THROWS_AS(decode_snapshot(bytes.substr(0, bytes.size() - 1), again), std::runtime_error);
    again = {};
    CHECK_THROWS_AS(decode_snapshot(bytes + "x", again), std::runtime_error);
    again = {};
    std::string huge(bytes);
    std::memset(huge.data() + 32, 0x7F, 8);  // The count of accounts.
    CHECK_THROWS_AS(decode_snapshot(huge, again), std::runtime_error);
}

TEST_CASE("a restart from snapshots and the tail equals a restart from nothing") {
    Stage stage;
    for (int round = 1; round <= 6; ++round) play(*stage.running, round);
    stage.running->shards.stop();
    stage.restart();
    CHECK(stage.running->told().empty());
    for (int round = 7; round <= 9; ++round) play(*stage.running, round);
    const auto live = stage.running->all_states();
    stage.restart();
    const auto from_snapshots = stage.running->all_states();
    CHECK(from_snapshots == live);
    CHECK(stage.running->told().empty());
    stage.restart_without_snapshots();
    CHECK(stage.running->all_states() == from_snapshots);
}

TEST_CASE("snapshots taken while commands come in equal a replay") {
    Stage stage(1);
    IoThread other;
    std::vector<Answer<Receipt>> answers;
    for (int i = 0; i < 300; ++i) {
        const UserId user{3 + i % 40};
        auto& talk = stage.running->shards.of_pair(ana, user);
        answers.push_back(stage.running->io.begin(talk.submit(from(ana), sending(ana, user, "hello"))));
        auto& place = stage.running->shards.of_person(user);
        auto origin = from(user);
        origin.idempotency = idempotency_mark(user, "POST", "/checkins", std::to_string(i), "{}");
        answers.push_back(other.begin(place.submit(origin, checking_in(user, "Docks"))));
    }
    for (auto& answer : answers) IoThread::result_of(answer);
    const auto live = stage.running->all_states();
    stage.restart();
    CHECK(stage.running->told().empty());
    const auto from_snapshots = stage.running->all_states();
    CHECK(from_snapshots == live);
    stage.restart_without_snapshots();
    CHECK(stage.running->all_states() == from_snapshots);
}

TEST_CASE("a shard that has been quiet for long does not make a restart read the whole log") {
    Stage stage;
    stage.running->run(stage.running->shards.accounts().submit(from({}), registering("ana")));
    for (int i = 0; i < 20; ++i)
        stage.running->run(stage.running->shards.of_pair(ana, ben).submit(from(ana), sending(ana, ben, "x")));
    stage.running->shards.stop();
    const auto read_before = stage.log.records_read();
    stage.restart();
    CHECK(stage.log.records_read() == read_before);
    CHECK(stage.running->shards.at(account_shard).peek([&](const ShardState& state) {
        return state.account(ana) != nullptr;
    }));
}

TEST_CASE("a snapshot that cannot be used is discarded with a warning and the shard rebuilt") {
    Stage stage;
    for (int round = 1; round <= 4; ++round) play(*stage.running, round);
    const auto live = stage.running->all_states();
    stage.running->shards.stop();
    const auto good = contents(stage.file(0));
    REQUIRE(good.size() > 100);
    std::string why;
    auto bad = good;
    SUBCASE("one damaged bit") {
        bad[bad.size() - 7] = static_cast<char>(bad[bad.size() - 7] ^ 4);
        why = "it is damaged";
    }
    SUBCASE("without its last byte") {
        bad.resize(bad.size() - 1);
        why = "it ends early";
    }
    SUBCASE("cut in half") {
        bad.resize(bad.size() / 2);
        why = "it ends early";
    }
    SUBCASE("longer than it says") {
        bad += "x";
        why = "it is damaged";
    }
    SUBCASE("another shape of state") {
        const auto at = bad.find(state_fingerprint());
        REQUIRE(at != std::string::npos);
        bad[at] = bad[at] == '0' ? '1' : '0';
        why = "it was written by a build with another state";
    }
    SUBCASE("another log") {
        bad.replace(bad.find(stage.log.epoch()), 16, "00000000000000dd");
        why = "it is of another log";
    }
    SUBCASE("another shard") {
        bad = contents(stage.file(1));
        why = "it is of another log";
    }
    SUBCASE("no snapshot at all") {
        bad = "hello";
        why = "it is damaged";
    }
    stage.running.reset();
    write(stage.file(0), bad);
    stage.start();
    CHECK(stage.running->told() ==
          std::vector<std::string>{"warning: the snapshot of shard 0 is not used: " + why});
    CHECK(stage.running->all_states() == live);
    CHECK(!std::filesystem::exists(stage.file(0)));
}

TEST_CASE("snapshots ahead of a log restored from an older copy are discarded for good") {
    Stage stage;
    auto& talk = stage.running->shards.of_pair(ana, ben);
    for (int i = 0; i < 5; ++i) stage.running->run(talk.submit(from(ana), sending(ana, ben, "old")));
    const auto old_state = stage.running->all_states();
    for (int i = 0; i < 5; ++i) stage.running->run(talk.submit(from(ana), sending(ana, ben, "new")));
    stage.running->shards.stop();
    stage.running.reset();
    stage.log.truncate(5);
    stage.start();
    CHECK(stage.running->told().size() == 16);
    CHECK(stage.running->all_states() == old_state);
    // The log grows past them again; they must not come back.
    auto& again = stage.running->shards.of_pair(ana, UserId{3});
    for (int i = 0; i < 10; ++i)
        stage.running->run(again.submit(from(ana), sending(ana, UserId{3}, "other")));
    const auto live = stage.running->all_states();
    stage.restart();
    CHECK(stage.running->told().empty());
    CHECK(stage.running->all_states() == live);
}

TEST_CASE("a snapshot that holds the batch after the log's end is discarded") {
    Stage stage(2);
    auto& accounts = stage.running->shards.accounts();
    stage.running->run(accounts.submit(from({}), registering("ana")));
    stage.log.hold();
    auto second = stage.running->io.begin(accounts.submit(from({}), registering("ben")));
    stage.log.wait_for_append(2);
    auto third = stage.running->io.begin(accounts.submit(from({}), registering("cem")));
    stage.running->io.drain();
    // After the second record snapshots are due, and the first of them is taken with the third record's
    // batch.
    stage.log.release();
    IoThread::result_of(second);
    IoThread::result_of(third);
    stage.running.reset();
    ShardState state;
    std::string why;
    const auto bytes = SnapshotFiles(stage.folder / "snapshots", stage.log.epoch()).load(0, why);
    REQUIRE(bytes);
    decode_snapshot(*bytes, state);
    REQUIRE(state.sequence == 3);
    REQUIRE(state.durable_sequence == 2);
    SUBCASE("what the log goes on with is taken in") {
        stage.start();
        CHECK(stage.running->told().empty());
        stage.running->shards.accounts().peek([](const ShardState& now) {
            CHECK(now.durable_sequence == 3);
            CHECK(now.account_position(UserId{3}) == 3);
            return 0;
        });
        return;
    }
    stage.log.truncate(2);
    stage.start();
    stage.running->shards.accounts().peek([](const ShardState& now) {
        CHECK(now.sequence == 2);
        CHECK(now.accounts.size() == 2);
        return 0;
    });
    CHECK(stage.running->told() ==
          std::vector<std::string>{"warning: the snapshot of shard 0 is not used: it is ahead of the log"});
}

TEST_CASE("a log that skips a sequence is refused") {
    Stage stage;
    auto& talk = stage.running->shards.of_pair(ana, ben);
    for (int i = 0; i < 3; ++i) stage.running->run(talk.submit(from(ana), sending(ana, ben, "x")));
    stage.running.reset();
    ControlledLog gap;
    for (const Position position : {1, 3}) {
        auto record = stage.log.read_at(0, position)->record;
        PendingRecord pending{std::make_shared<LogEntry>(LogEntry{0, record}), encode(record)};
        gap.append(std::span(&pending, 1));
    }
    TemporaryFolder folder;
    CHECK_THROWS_AS(RunningShards(gap, folder, stage.clock), LogRefused);
}

}  // namespace dacapo
