// The one thread of a process that reads the end of all partitions, judges what comes and tells who waits for
// it. Everything this process knows of the log comes from here, also about what it wrote itself.
#pragma once

#include "infra/kafka/own_shard.hpp"
#include "infra/kafka/paced_consumer.hpp"
#include "infra/kafka/partition_fold.hpp"
#include "infra/kafka/recent_records.hpp"
#include "infra/kafka/void_records.hpp"
#include "infra/metrics.hpp"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace dacapo::kafka {

struct TailCalls {
    // On the tail's thread, without a lock.
    std::function<void(int shard)> deposed;
    std::function<void(const std::string& why)> fault;  // once; nothing is read after it
    std::function<void(const std::string& what)> warning;
};

class Tail {
public:
    Tail(const KafkaUrl& url, PacedConsumer& consumer, const Frontier& start, RecentRecords& recent,
         std::span<const std::unique_ptr<OwnShard>> own, Metrics& metrics, TailCalls calls);
    ~Tail();

    // Until the offsets before `ends` (one a shard) have been read. False when nothing came for so long, or
    // after a fault.
    bool await_read(std::span<const std::int64_t> ends, std::chrono::milliseconds patience);
    // Offsets known at the brokers and not read yet. Any thread.
    std::int64_t lag() const;

private:
    struct Shard {
        PartitionFold fold;
        std::int64_t read_to;                   // by this thread
        std::atomic<std::int64_t> next_offset;  // settled; what others may rely on
        // What its writer must hear of this chunk: barriers, and valid records between.
        std::vector<Judged> settling;

        Shard(int shard, Position after)
            : fold(shard, after), read_to(fold.next_offset()), next_offset(read_to) {}
    };

    void run();
    void read_chunk();
    void take(const Message& message);
    void settle();

    const KafkaUrl url_;
    PacedConsumer& consumer_;
    RecentRecords& recent_;
    const std::span<const std::unique_ptr<OwnShard>> own_;
    Metrics& metrics_;
    Gauge& gathering_;
    const TailCalls calls_;
    VoidRecords void_records_;
    std::vector<std::unique_ptr<Shard>> shards_;
    std::vector<RecentRecords::Fresh> fresh_;
    std::mutex mutex_;
    std::condition_variable read_;
    std::uint64_t chunks_ = 0;
    bool ended_ = false;
    std::atomic<bool> stopping_{false};
    std::thread thread_;
};

}  // namespace dacapo::kafka
