// Who is told to write what, as members come, go and lose their way. A first join takes three seconds, so
// these tests stand apart.
#include "infra/kafka/lease.hpp"

#include "tests/support/mock_kafka.hpp"

#include <doctest/doctest.h>
#include <algorithm>
#include <condition_variable>
#include <mutex>

namespace dacapo {
namespace {

using namespace std::chrono_literals;
using testing::MockKafka;

// A member that remembers what it was told.
class Holder {
public:
    Holder(const MockKafka& kafka, std::string group = "writers")
        : lease_(std::make_unique<ShardLease>(
              ShardLeaseOptions{kafka.url(), MockKafka::properties(), std::move(group)},
              ShardLeaseCalls{[this](std::vector<int> shards) {
                                  const std::lock_guard lock(mutex_);
                                  shards_ = std::move(shards);
                                  ++assignments_;
                                  changed_.notify_all();
                              },
                              [] {}})) {}
    ~Holder() { leave(); }

    bool wait_for(const std::vector<int>& shards) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, 30s, [&] { return shards_ == shards; });
    }
    bool wait_for_count(std::size_t count) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, 30s, [&] { return shards_.size() == count; });
    }
    std::vector<int> shards() {
        const std::lock_guard lock(mutex_);
        return shards_;
    }
    int assignments() {
        const std::lock_guard lock(mutex_);
        return assignments_;
    }
    void leave() { lease_.reset(); }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<int> shards_;
    int assignments_ = 0;
    std::unique_ptr<ShardLease> lease_;
};

TEST_CASE("members divide the shards, and who stays gets those of who leaves") {
    MockKafka kafka(4);
    Holder first(kafka);
    REQUIRE(first.wait_for({0, 1, 2, 3}));
    Holder second(kafka);
    REQUIRE(second.wait_for_count(2));
    REQUIRE(first.wait_for_count(2));
    auto all = first.shards();
    for (const int shard : second.shards()) all.push_back(shard);
    std::ranges::sort(all);
    CHECK(all == std::vector<int>{0, 1, 2, 3});
    // Nothing was told between: who serves goes on until it knows what it has kept.
    CHECK(first.assignments() == 2);
    first.leave();
    CHECK(second.wait_for({0, 1, 2, 3}));
}

TEST_CASE("groups do not take shards from each other") {
    MockKafka kafka(2);
    Holder writer(kafka, "writers");
    Holder projector(kafka, "projectors");
    CHECK(writer.wait_for({0, 1}));
    CHECK(projector.wait_for({0, 1}));
}

TEST_CASE("members find their group again after its coordinator has moved") {
    MockKafka kafka(2, 2);
    kafka.coordinate("writers", 1);
    Holder first(kafka);
    REQUIRE(first.wait_for({0, 1}));
    kafka.coordinate("writers", 2);
    Holder second(kafka);
    CHECK(second.wait_for_count(1));
    CHECK(first.wait_for_count(1));
}

}  // namespace
}  // namespace dacapo
