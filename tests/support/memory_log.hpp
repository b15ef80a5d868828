// An event log in memory, for tests of what reads a log: same port, same order, nothing durable.
// Records are made from bare events; sequences and versions are counted here as the shards would. Its
// positions count in one sequence, as in the embedded log, or in each shard by itself, as on Kafka.
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
    enum class Positions { one_sequence, by_shard };

    explicit MemoryLog(int shard_count = 16, std::string epoch = "00000000000000aa",
                       Positions positions = Positions::one_sequence)
        : shard_count_(shard_count),
          epoch_(std::move(epoch)),
          start_(positions == Positions::by_shard ? Frontier::of_shards(shard_count) : Frontier()),
          head_(start_) {}

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

    // Forgets all but the first `count` records, as a log restored from an old copy would.
    void truncate(std::size_t count) {
        const std::lock_guard lock(mutex_);
        entries_.resize(count);
        head_ = start_;
        advance_over(head_, entries_);
    }

    int shard_count() const override { return shard_count_; }
    const std::string& epoch() const override { return epoch_; }
    Frontier start() const override { return start_; }
    Frontier head() const override {
        const std::lock_guard lock(mutex_);
        return head_;
    }
    void append(std::span<PendingRecord> batch) override {
        {
            const std::lock_guard lock(mutex_);
            for (auto& pending : batch) {
                const auto shard = pending.entry->record.shard;
                pending.entry->position = head_.at(shard) + 1;
                head_.advance(shard, pending.entry->position);
                entries_.push_back(pending.entry);
            }
        }
        moved_.notify_all();
    }
    std::vector<LogEntryPtr> read_after(const Frontier& after, std::size_t count_max) override {
        const std::lock_guard lock(mutex_);
        const auto count = std::min(count_max, std::size_t{10'000});
        std::vector<LogEntryPtr> page;
        // One sequence has no holes, so nothing before the position need be looked at.
        const auto first = start_.is_one_sequence() ? static_cast<std::size_t>(after.at(0)) : 0;
        for (auto i = first; i < entries_.size() && page.size() < count; ++i)
            if (!after.covers(entries_[i]->record.shard, entries_[i]->position)) page.push_back(entries_[i]);
        return page;
    }
    bool wait_past(const Frontier& after, std::chrono::milliseconds patience) override {
        std::unique_lock lock(mutex_);
        const auto wakes = wakes_;
        const auto past = [&] { return !after.covers(head_); };
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
    LogEntryPtr read_at(int shard, Position position) override {
        const std::lock_guard lock(mutex_);
        const auto here = [&](const LogEntryPtr& entry) {
            return entry->position == position && (start_.is_one_sequence() || entry->record.shard == shard);
        };
        const auto found = std::ranges::find_if(entries_, here);
        return found == entries_.end() ? nullptr : *found;
    }

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
