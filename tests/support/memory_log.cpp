#include "tests/support/memory_log.hpp"

#include <algorithm>
#include <span>

namespace dacapo::testing {

Position MemoryLog::add(int shard, std::vector<StreamEvent> events, Timestamp time) {
    auto entry = std::make_shared<LogEntry>();
    entry->record.shard = shard;
    entry->record.time = time;
    {
        const std::lock_guard lock(mutex_);
        entry->record.sequence = ++sequences_[shard];
        for (auto& event : events)
            entry->record.events.push_back({event.stream, ++versions_[event.stream], std::move(event.event)});
    }
    PendingRecord pending{entry, {}};
    append(std::span(&pending, 1));
    return entry->position;
}

void MemoryLog::truncate(std::size_t count) {
    const std::lock_guard lock(mutex_);
    entries_.resize(count);
    head_ = start_;
    advance_over(head_, entries_);
}

Frontier MemoryLog::head() const {
    const std::lock_guard lock(mutex_);
    return head_;
}

void MemoryLog::append(std::span<PendingRecord> batch) {
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

std::vector<LogEntryPtr> MemoryLog::read_after(const Frontier& after, std::size_t count_max) {
    const std::lock_guard lock(mutex_);
    const auto count = std::min(count_max, std::size_t{10'000});
    std::vector<LogEntryPtr> page;
    // One sequence has no holes, so nothing before the position need be looked at.
    const auto first = start_.is_one_sequence() ? static_cast<std::size_t>(after.at(0)) : 0;
    for (auto i = first; i < entries_.size() && page.size() < count; ++i)
        if (!after.covers(entries_[i]->record.shard, entries_[i]->position)) page.push_back(entries_[i]);
    return page;
}

bool MemoryLog::wait_past(const Frontier& after, std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    const auto wakes = wakes_;
    const auto past = [&] { return !after.covers(head_); };
    moved_.wait_for(lock, patience, [&] { return past() || wakes_ != wakes; });
    return past();
}

void MemoryLog::wake() {
    {
        const std::lock_guard lock(mutex_);
        ++wakes_;
    }
    moved_.notify_all();
}

LogEntryPtr MemoryLog::read_at(int shard, Position position) {
    const std::lock_guard lock(mutex_);
    const auto here = [&](const LogEntryPtr& entry) {
        return entry->position == position && (start_.is_one_sequence() || entry->record.shard == shard);
    };
    const auto found = std::ranges::find_if(entries_, here);
    return found == entries_.end() ? nullptr : *found;
}

}  // namespace dacapo::testing
