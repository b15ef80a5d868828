#include "infra/kafka/lease.hpp"

#include "infra/kafka/client.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

namespace dacapo {
namespace {

using kafka::Config;
using kafka::Properties;
using std::chrono::milliseconds;

constexpr milliseconds poll_wait{100};

Config member_config(const ShardLeaseOptions& options) {
    Properties chosen{{"session.timeout.ms", "6000"}, {"heartbeat.interval.ms", "1000"}};
    for (const auto& [property, value] : options.properties) chosen.insert_or_assign(property, value);
    return Config(options.url, chosen,
                  {
                      {"group.id", options.group},
                      // Eager: cooperative rebalancing has open faults in librdkafka 2.0.2, and nothing is
                      // lost here by giving everything back, because a revocation alone stops nobody.
                      {"partition.assignment.strategy", "roundrobin"},
                      {"enable.auto.commit", "false"},
                      {"enable.auto.offset.store", "false"},
                      {"auto.offset.reset", "latest"},
                      {"allow.auto.create.topics", "false"},
                  });
}

}  // namespace

// Two threads: one must answer the group whatever the shards' owner is doing, the other does the calling.
class ShardLease::Member {
public:
    Member(const ShardLeaseOptions& options, ShardLeaseCalls calls)
        : topic_(options.url.lease_topic()), calls_(std::move(calls)) {
        auto config = member_config(options);
        rd_kafka_conf_set_opaque(config.get(), this);
        rd_kafka_conf_set_rebalance_cb(
            config.get(),
            [](rd_kafka_t* handle, rd_kafka_resp_err_t event, rd_kafka_topic_partition_list_t* partitions,
               void* self) { static_cast<Member*>(self)->rebalance(handle, event, partitions); });
        consumer_.emplace(std::move(config));
        consumer_->subscribe(topic_);
        caller_ = std::thread([this] { call(); });
        poller_ = std::thread([this] { poll(); });
    }

    ~Member() {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        changed_.notify_all();
        poller_.join();
        caller_.join();
        consumer_.reset();  // Leaves the group.
    }

private:
    void poll() {
        while (!is_stopping()) consumer_->poll(poll_wait);
    }
    bool is_stopping() const {
        const std::lock_guard lock(mutex_);
        return stopping_;
    }

    // On the poller's thread, or in the destructor when the group is left.
    void rebalance(rd_kafka_t* handle, rd_kafka_resp_err_t event,
                   rd_kafka_topic_partition_list_t* partitions) {
        if (event == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
            std::vector<int> shards;
            for (int i = 0; i < partitions->cnt; ++i) {
                shards.push_back(partitions->elems[i].partition);
                partitions->elems[i].offset = RD_KAFKA_OFFSET_END;  // The topic is empty and stays so.
            }
            rd_kafka_assign(handle, partitions);
            std::ranges::sort(shards);
            tell(std::move(shards), false);
        } else {
            // To be asked before giving back: afterwards the answer is gone.
            const bool lost = rd_kafka_assignment_lost(handle) != 0;
            rd_kafka_assign(handle, nullptr);
            if (lost) tell(std::nullopt, true);
        }
    }

    void tell(std::optional<std::vector<int>> shards, bool lost) {
        {
            const std::lock_guard lock(mutex_);
            lost_ = lost_ || lost;
            // An assignment from before the loss is nobody's any longer.
            newest_ = std::move(shards);
        }
        changed_.notify_all();
    }

    void call() {
        std::optional<std::vector<int>> told;
        std::unique_lock lock(mutex_);
        while (true) {
            changed_.wait(lock, [this] { return stopping_ || lost_ || newest_; });
            if (stopping_) return;
            const bool lost = std::exchange(lost_, false);
            auto newest = std::exchange(newest_, std::nullopt);
            lock.unlock();
            if (lost && calls_.lost) calls_.lost();
            if (lost) told.reset();
            if (newest && newest != told) {
                told = newest;
                calls_.assigned(std::move(*newest));
            }
            lock.lock();
        }
    }

    const std::string topic_;
    const ShardLeaseCalls calls_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    bool stopping_ = false;
    bool lost_ = false;
    std::optional<std::vector<int>> newest_;  // not told yet
    std::optional<kafka::Consumer> consumer_;
    std::thread caller_;
    std::thread poller_;
};

ShardLease::ShardLease(const ShardLeaseOptions& options, ShardLeaseCalls calls)
    : member_(std::make_unique<Member>(options, std::move(calls))) {}

ShardLease::~ShardLease() = default;

}  // namespace dacapo
