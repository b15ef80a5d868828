// An event log in memory, for tests of what reads a log: same port, same order, nothing durable.
// Records are made from bare events; sequences and versions are counted here as the shards would.
#pragma once

#include "infra/log/event_log.hpp"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <utility>

namespace dacapo::testing {

class MemoryLog final : public EventLog {
public:
    explicit MemoryLog(int shard_count = 16, std::string epoch = "00000000000000aa")
        : shard_count_(shard_count), epoch_(std::move(epoch)) {}

    // One record with these events, written at `time`; the answer is its position.
    Position add(int shard, std::vector<StreamEvent> events, Timestamp time = Timestamp{}) {
        auto entry = std::make_shared<LogEntry>();
        entry->record.shard = shard;
        entry->record.time = time;
        {
            const std::lock_guard lock(mutex_);
            entry->record.sequence = ++sequences_[shard];
            for (auto& event : events)
                entry->record.events.push_back(
                    {event.stream, ++versions_[event.stream], std::move(event.event)});
        }
        PendingRecord pending{entry, {}};
        append(std::span(&pending, 1));
        return entry->position;
    }

    // Forgets everything after `position`, as a log restored from an old copy would.
    void truncate(Position position) {
        const std::lock_guard lock(mutex_);
        entries_.resize(static_cast<std::size_t>(position));
    }

    int shard_count() const override { return shard_count_; }
    const std::string& epoch() const override { return epoch_; }
    Position head() const override {
        const std::lock_guard lock(mutex_);
        return static_cast<Position>(entries_.size());
    }
    void append(std::span<PendingRecord> batch) override {
        {
            const std::lock_guard lock(mutex_);
            for (auto& pending : batch) {
                pending.entry->position = static_cast<Position>(entries_.size()) + 1;
                entries_.push_back(pending.entry);
            }
        }
        moved_.notify_all();
    }
    std::vector<LogEntryPtr> read_after(Position position, std::size_t count_max) override {
        const std::lock_guard lock(mutex_);
        const auto from = std::min(static_cast<std::size_t>(position), entries_.size());
        const auto count = std::min({count_max, entries_.size() - from, std::size_t{10'000}});
        const auto first = entries_.begin() + static_cast<std::ptrdiff_t>(from);
        return {first, first + static_cast<std::ptrdiff_t>(count)};
    }
    bool wait_past(Position position, std::chrono::milliseconds patience) override {
        std::unique_lock lock(mutex_);
        const auto wakes = wakes_;
        const auto past = [&] { return static_cast<Position>(entries_.size()) > position; };
        moved_.wait_for(lock, patience, [&] { return past() || wakes_ != wakes; });
        return past();
    }
    void wake() override {
        {
            const std::lock_guard lock(mutex_);
            ++wakes_;
        }
        moved_.notify_all();
    }
    LogEntryPtr read_at(Position position) override {
        const auto found = read_after(position - 1, 1);
        return found.empty() ? nullptr : found.front();
    }

private:
    const int shard_count_;
    const std::string epoch_;
    mutable std::mutex mutex_;
    std::condition_variable moved_;
    std::vector<LogEntryPtr> entries_;
    std::map<int, std::int64_t> sequences_;
    std::map<StreamId, std::int64_t> versions_;
    std::uint64_t wakes_ = 0;
};

}  // namespace dacapo::testing
