// An event log in memory, for tests of what reads a log: same port, same order, nothing durable.
// Records are made from bare events; sequences and versions are counted here as the shards would. Its
// positions count in one sequence, as in the embedded log, or in each shard by itself, as on Kafka.
#pragma once

#include "infra/log/event_log.hpp"

#include <condition_variable>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

namespace dacapo::testing {

class MemoryLog final : public EventLog {
public:
    enum class Positions { one_sequence, by_shard };

    explicit MemoryLog(int shard_count = 16, std::string epoch = "00000000000000aa",
                       Positions positions = Positions::one_sequence)
        : shard_count_(shard_count),
          epoch_(std::move(epoch)),
          start_(positions == Positions::by_shard ? Frontier::of_shards(shard_count) : Frontier()),
          head_(start_) {}

    // One record with these events, written at `time`; the answer is its position.
    Position add(int shard, std::vector<StreamEvent> events, Timestamp time = Timestamp{});

    // Forgets all but the first `count` records, as a log restored from an old copy would.
    void truncate(std::size_t count);

    int shard_count() const override { return shard_count_; }
    const std::string& epoch() const override { return epoch_; }
    Frontier start() const override { return start_; }
    Frontier head() const override;
    void append(std::span<PendingRecord> batch) override;
    std::vector<LogEntryPtr> read_after(const Frontier& after, std::size_t count_max) override;
    bool wait_past(const Frontier& after, std::chrono::milliseconds patience) override;
    void wake() override;
    LogEntryPtr read_at(int shard, Position position) override;

private:
    const int shard_count_;
    const std::string epoch_;
    const Frontier start_;
    mutable std::mutex mutex_;
    Frontier head_;
    std::condition_variable moved_;
    std::vector<LogEntryPtr> entries_;
    std::map<int, std::int64_t> sequences_;
    std::map<StreamId, std::int64_t> versions_;
    std::uint64_t wakes_ = 0;
};

}  // namespace dacapo::testing
