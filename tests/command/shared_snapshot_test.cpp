// Servers of a cluster that begin with each other's snapshots: the log itself is librdkafka's mock.
#include "command/snapshot_table.hpp"

#include "command/ownership.hpp"
#include "command/snapshot.hpp"
#include "command/snapshot_files.hpp"
#include "infra/sql/migrations.hpp"
#include "infra/text.hpp"
#include "projections/bookkeeping.hpp"
#include "tests/support/commands.hpp"
#include "tests/support/mock_kafka.hpp"
#include "tests/support/postgres.hpp"
#include "tests/support/running_shards.hpp"

#include <doctest/doctest.h>

namespace dacapo {
namespace {

using namespace dacapo::testing;
using namespace std::chrono_literals;

constexpr int shard_count = 2;
const std::vector<int> both{0, 1};

struct Cluster {
    Cluster() {
        sql::Session session(url, sql::Use::write);
        sql::migrate(session, bookkeeping_migrations());
    }
    TemporaryFolder folder;
    ManualClock clock;
    MockKafka kafka{shard_count};
    std::string url = database_url_for(folder / "read.db");
};

// One command server, without its network. Begins as serve_log_start.cpp has it.
struct Node {
    explicit Node(Cluster& cluster, bool with_snapshots = true, std::size_t snapshot_every = 1'000'000)
        : cluster_(cluster), log(open(with_snapshots)), shards(*log, cluster.clock, options(snapshot_every)) {
        shards.load(std::move(begun_with));
        shards.start();
    }
    ~Node() {
        if (ownership) ownership->stop();
        shards.stop();
    }

    std::unique_ptr<KafkaLog> open(bool with_snapshots) {
        auto log_options = cluster_.kafka.options();
        if (with_snapshots)
            log_options.propose_start = [this](const std::string& epoch, int) {
                make_store(epoch);
                begun_with = states_of_snapshots(*store, both, shard_count,
                                                 [&](int, const std::string& why) { warned.push_back(why); });
                auto start = Frontier::of_shards(shard_count);
                for (const auto& state : begun_with) start.advance(state.shard, state.position);
                return start;
            };
        return open_kafka_log(log_options);
    }
    void make_store(const std::string& epoch) {
        SnapshotTableOptions options;
        options.database_url = cluster_.url;
        options.epoch = epoch;
        store = std::make_shared<SnapshotTable>(cluster_.clock, std::move(options));
    }
    ShardsOptions options(std::size_t snapshot_every) {
        ShardsOptions made;
        if (store)
            made.snapshots = store;
        else
            made.snapshots = std::make_shared<SnapshotFiles>(own_folder / "snapshots", log->epoch());
        made.log_folder = cluster_.folder.path();
        made.snapshot_every_records = snapshot_every;
        made.on_replay = [this](std::int64_t, std::int64_t) { ++pages_replayed; };
        made.on_warning = [this](const std::string& what) { warned.push_back(what); };
        made.on_broken = [](const std::string& what) { FAIL(what); };
        return made;
    }
    void own() {
        ownership.emplace(*log, shards, OwnershipOptions{});
        ownership->start();
        ownership->assign(both);
        wait([&] { return ownership->is_settled(); });
    }
    void give_back() {
        ownership->assign({});
        wait([&] { return ownership->is_settled(); });
        REQUIRE(store->await_written(20s));
    }
    void play(int first, int last) {
        for (int i = first; i <= last; ++i) {
            io.run(shards.accounts().submit(from({}), registering("user" + std::to_string(i))));
            io.run(shards.accounts().submit(from({}), opening_session(UserId{i})));
            io.run(shards.of_pair(UserId{i}, UserId{i + 1})
                       .submit(from(UserId{i}), sending(UserId{i}, UserId{i + 1}, "hello")));
            const auto title = "Jam " + std::to_string(i);
            const auto id = scheduled_id(
                io.run(shards.of_title(fold(title))
                           .submit(from(UserId{i}),
                                   scheduling(title, cluster_.clock.now() + std::chrono::hours(2)))));
            io.run(shards.of_id(id.value).submit(from(UserId{i + 1}), joining(id)));
        }
    }
    std::string state() {
        std::string all;
        for (const auto shard : both)
            all += shards.at(shard).peek([](const ShardState& s) { return RunningShards::comparable(s); });
        return all;
    }
    Frontier known() {
        auto known = Frontier::of_shards(shard_count);
        for (const auto shard : both)
            known.advance(shard, shards.at(shard).peek([](const ShardState& s) { return s.position; }));
        return known;
    }
    template <class Holds>
    static void wait(Holds&& holds) {
        const auto deadline = std::chrono::steady_clock::now() + 20s;
        while (!holds()) {
            REQUIRE(std::chrono::steady_clock::now() < deadline);
            std::this_thread::sleep_for(1ms);
        }
    }

    Cluster& cluster_;
    TemporaryFolder own_folder;
    std::vector<std::string> warned;
    std::atomic<int> pages_replayed{0};
    std::shared_ptr<SnapshotTable> store;
    std::vector<ShardState> begun_with;
    std::unique_ptr<KafkaLog> log;
    IoThread io;
    Shards shards;
    std::optional<Ownership> ownership;
};

}  // namespace

TEST_CASE("a server that begins with another's snapshots knows what one knows that reads the whole log") {
    Cluster cluster;
    Node owner(cluster);
    owner.own();
    owner.play(1, 10);
    owner.give_back();

    Node reader(cluster, false);
    Node heir(cluster);
    CHECK(reader.pages_replayed > 0);
    CHECK(heir.pages_replayed == 0);
    CHECK(heir.warned.empty());
    CHECK(heir.known() == owner.log->head());
    CHECK(heir.state() == reader.state());
    CHECK(heir.state() == owner.state());
    CHECK(heir.shards.sessions().standing(SessionId{3}) == SessionRegistry::Standing::live);

    // And decides as the owner would have: the same ids, sequences and refusals.
    heir.own();
    heir.play(11, 15);
    Node::wait([&] { return reader.known().covers(heir.log->head()); });
    CHECK(heir.state() == reader.state());
    CHECK_THROWS_AS(heir.io.run(heir.shards.accounts().submit(from({}), registering("user3"))),
                    http::Problem);
}

TEST_CASE("a snapshot taken while its owner goes on is completed from the log") {
    Cluster cluster;
    Node owner(cluster, true, 16);
    owner.own();
    owner.play(1, 10);
    REQUIRE(owner.store->await_written(20s));
    Node heir(cluster);
    const auto begun = heir.log->head();
    Node::wait([&] { return heir.known().covers(begun); });
    Node reader(cluster, false);
    CHECK(heir.warned.empty());
    CHECK(heir.state() == reader.state());
    owner.play(11, 12);
    Node::wait([&] { return heir.known() == owner.log->head() && reader.known() == owner.log->head(); });
    CHECK(heir.state() == reader.state());
}

TEST_CASE("a snapshot that is ahead of the log is discarded and the log read instead") {
    Cluster cluster;
    Node owner(cluster);
    owner.own();
    owner.play(1, 3);
    owner.give_back();
    // The same epoch with more records: as on a log that was restored from an older copy.
    auto ahead = owner.shards.at(0).peek([](const ShardState& state) { return state; });
    ahead.position += 100;
    ahead.sequence += 50;
    ahead.durable_sequence += 50;
    owner.store->save(0, ahead.position, encode_snapshot(ahead));
    REQUIRE(owner.store->await_written(20s));

    Node heir(cluster);
    REQUIRE(heir.warned.size() == 1);
    CHECK(heir.warned.front() == "the snapshot of shard 0 is not used: it is ahead of the log");
    CHECK(heir.state() == owner.state());
    REQUIRE(heir.store->await_written(20s));
    Node later(cluster);
    CHECK(later.warned.empty());
    CHECK(later.state() == owner.state());
}

TEST_CASE("a damaged snapshot costs a server the reading of that shard and nothing else") {
    Cluster cluster;
    Node owner(cluster);
    owner.own();
    owner.play(1, 3);
    owner.give_back();
    sql::Session(cluster.url, sql::Use::write)
        .execute("UPDATE shard_snapshots SET content = 'x' WHERE shard = 1");
    Node heir(cluster);
    CHECK(heir.warned == std::vector<std::string>{"it is damaged"});
    CHECK(heir.state() == owner.state());
}

}  // namespace dacapo
