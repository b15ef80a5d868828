#include "command/ownership.hpp"

#include "command/snapshot_files.hpp"
#include "tests/support/commands.hpp"
#include "tests/support/io_thread.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/shared_memory_log.hpp"
#include "tests/support/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <numeric>
#include <thread>

namespace dacapo {
namespace {

using namespace dacapo::testing;

std::vector<int> all_shards() {
    std::vector<int> shards(16);
    std::iota(shards.begin(), shards.end(), 0);
    return shards;
}

template <class Holds>
bool soon(Holds&& holds) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!holds()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
}

// One command server of a cluster, without its network.
struct Node {
    explicit Node(SharedMemory& memory)
        : log(memory), shards(log, clock, options()), ownership(log, shards, quick()) {
        shards.load();
        shards.start();
        ownership.start();
    }
    ~Node() {
        ownership.stop();
        shards.stop();
    }

    ShardsOptions options() {
        ShardsOptions made;
        made.snapshots = std::make_shared<SnapshotFiles>(folder / "snapshots", log.epoch());
        made.log_folder = folder.path();
        return made;
    }
    static OwnershipOptions quick() {
        OwnershipOptions made;
        made.retry_pause = std::chrono::milliseconds(1);
        made.retry_pause_max = std::chrono::milliseconds(20);
        return made;
    }
    bool assign(std::vector<int> given) {
        ownership.assign(std::move(given));
        return soon([&] { return ownership.is_settled(); });
    }
    std::string register_as(const std::string& name) {
        try {
            io.run(shards.at(account_shard).submit(from({}), registering(name)));
        } catch (const http::Problem& problem) {
            return std::to_string(problem.status) + ' ' + problem.code;
        }
        return "";
    }
    std::size_t account_count() {
        return shards.at(account_shard).peek([](const ShardState& state) { return state.accounts.size(); });
    }

    TemporaryFolder folder;
    ManualClock clock;
    IoThread io;
    SharedMemoryLog log;
    Shards shards;
    Ownership ownership;
};

}  // namespace

TEST_CASE("a shard is decided only where it has been taken") {
    SharedMemory memory;
    Node node(memory);
    CHECK(node.register_as("ana") == "503 shard_elsewhere");
    CHECK_THROWS_AS(node.shards.accounts(), ShardElsewhere);
    REQUIRE(node.assign(all_shards()));
    CHECK(node.ownership.owned() == all_shards());
    CHECK(node.register_as("ana") == "");
    REQUIRE(node.assign({}));
    CHECK(node.register_as("ben") == "503 shard_elsewhere");
    CHECK(node.account_count() == 1);
}

TEST_CASE("nothing is settled before the group has spoken") {
    SharedMemory memory;
    Node node(memory);
    CHECK_FALSE(node.ownership.is_settled());
    CHECK(node.assign({}));  // More servers than shards: one has none and is ready.
}

TEST_CASE("who takes a shard over knows all that was decided before") {
    SharedMemory memory;
    Node first(memory);
    Node second(memory);
    REQUIRE(first.assign(all_shards()));
    for (const char* name : {"ana", "ben", "cleo"}) REQUIRE(first.register_as(name) == "");
    REQUIRE(first.assign({}));
    REQUIRE(second.assign(all_shards()));
    CHECK(second.account_count() == 3);
    CHECK(second.register_as("dan") == "");
    CHECK(memory.log.head().at(account_shard) == 4);
    // The first one follows again, and sequence and versions go on without a gap.
    CHECK(soon([&] { return first.account_count() == 4; }));
}

TEST_CASE("an owner that has been deposed acknowledges nothing and steps down") {
    SharedMemory memory;
    Node sleeper(memory);
    Node other(memory);
    REQUIRE(sleeper.assign({account_shard}));
    REQUIRE(sleeper.register_as("ana") == "");
    // The group believes in both: the sleeper takes it back, and so on; each record counts once all the same.
    REQUIRE(other.assign({account_shard}));
    for (int i = 0; i < 40; ++i) {
        sleeper.register_as("s" + std::to_string(i));
        other.register_as("o" + std::to_string(i));
    }
    sleeper.ownership.assign({});
    int attempt = 0;  // The sleeper may be about to take it a last time.
    REQUIRE(soon([&] { return other.register_as("last" + std::to_string(attempt++)) == ""; }));
    std::int64_t sequence = 0;
    for (const auto& entry : memory.log.read_after(memory.log.start(), 10'000))
        CHECK(entry->record.sequence == ++sequence);
    CHECK(other.account_count() == static_cast<std::size_t>(sequence));
}

TEST_CASE("who repeats a command at the next owner gets what the one before recorded and never answered") {
    constexpr UserId ana{1};
    const auto mark = idempotency_mark(ana, "POST", "/checkins", "k", "{}");
    SharedMemory memory;
    Node second(memory);
    {
        Node first(memory);
        REQUIRE(first.assign(all_shards()));
        first.log.forget_next_answer();
        auto origin = from(ana);
        origin.idempotency = mark;
        CHECK_THROWS_AS(first.io.run(first.shards.of_person(ana).submit(origin, checking_in(ana, "Docks"))),
                        http::Problem);
    }
    REQUIRE(second.assign(all_shards()));
    const auto begun = second.io.run(second.shards.idempotency().begin(mark, second.clock.now()));
    REQUIRE(std::holds_alternative<IdempotencyTable::Repeat>(begun));
    CHECK(std::get<IdempotencyTable::Repeat>(begun).position == 1);
}

TEST_CASE("a batch whose fate is unknown closes its shard, which is read again before it decides more") {
    SharedMemory memory;
    Node node(memory);
    REQUIRE(node.assign(all_shards()));
    REQUIRE(node.register_as("ana") == "");
    node.log.forget_next_answer();
    CHECK(node.register_as("ben") == "503 outcome_unknown");
    REQUIRE(soon([&] { return node.ownership.is_settled() && node.register_as("cleo") == ""; }));
    CHECK(node.account_count() == 3);  // ben was recorded after all, and once
    CHECK(memory.log.head().at(account_shard) == 3);
}

}  // namespace dacapo
