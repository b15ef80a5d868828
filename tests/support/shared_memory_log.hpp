// A shared log in memory, for tests of those who take shards and step down. Each node sees it through a view
// of its own: terms, records that are void because their term is over, and batches of which nobody is told
// what became.
#pragma once

#include "tests/support/memory_log.hpp"

namespace dacapo::testing {

// What all nodes share: the valid records, and who holds which shard.
struct SharedMemory {
    MemoryLog log{16, "00000000000000dd", MemoryLog::Positions::by_shard};
    std::mutex mutex;
    std::map<int, std::int64_t> terms;
    std::vector<class SharedMemoryLog*> nodes;
};

class SharedMemoryLog final : public SharedLog {
public:
    explicit SharedMemoryLog(SharedMemory& memory) : memory_(memory) {
        const std::lock_guard lock(memory_.mutex);
        memory_.nodes.push_back(this);
    }
    ~SharedMemoryLog() override {
        const std::lock_guard lock(memory_.mutex);
        std::erase(memory_.nodes, this);
    }

    // The next append becomes durable, and its writer is not told so.
    void forget_next_answer() { forgets_ = true; }

    std::int64_t take(int shard) override {
        std::vector<SharedMemoryLog*> deposed;
        std::int64_t term = 0;
        {
            const std::lock_guard lock(memory_.mutex);
            term = ++memory_.terms[shard];
            for (auto* const node : memory_.nodes)
                if (node != this && node->held_.erase(shard) > 0) deposed.push_back(node);
            held_[shard] = term;
        }
        for (auto* const node : deposed) node->deposed_(shard);
        return term;
    }
    void give_up(int shard) override {
        const std::lock_guard lock(memory_.mutex);
        held_.erase(shard);
    }
    void on_deposed(std::function<void(int)> call) override { deposed_ = std::move(call); }

    void append(std::span<PendingRecord> batch) override {
        {
            const std::lock_guard lock(memory_.mutex);
            const auto& record = batch.front().entry->record;
            if (record.term != memory_.terms[record.shard])
                throw LogInDoubt("another process took the shard");
        }
        memory_.log.append(batch);
        if (forgets_.exchange(false)) throw LogInDoubt("no answer");
    }

    int shard_count() const override { return memory_.log.shard_count(); }
    const std::string& epoch() const override { return memory_.log.epoch(); }
    Frontier start() const override { return memory_.log.start(); }
    Frontier head() const override { return memory_.log.head(); }
    std::vector<LogEntryPtr> read_after(const Frontier& after, std::size_t count_max) override {
        return memory_.log.read_after(after, count_max);
    }
    bool wait_past(const Frontier& after, std::chrono::milliseconds patience) override {
        return memory_.log.wait_past(after, patience);
    }
    void wake() override { memory_.log.wake(); }
    LogEntryPtr read_at(int shard, Position position) override {
        return memory_.log.read_at(shard, position);
    }

private:
    SharedMemory& memory_;
    std::map<int, std::int64_t> held_;
    std::function<void(int)> deposed_ = [](int) {};
    std::atomic<bool> forgets_{false};
};

}  // namespace dacapo::testing
