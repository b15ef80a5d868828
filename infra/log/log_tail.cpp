#include "infra/log/log_tail.hpp"

#include <algorithm>

namespace dacapo {

LogTail::LogTail(Position head, std::size_t records_max, std::size_t bytes_max)
    : records_max_(records_max), bytes_max_(bytes_max), head_(head) {}

void LogTail::publish(std::span<const PendingRecord> batch) {
    // Freed after the lock is released: a record's destruction is not the readers' business.
    std::vector<LogEntryPtr> evicted;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& pending : batch) {
            held_.push_back({pending.entry, pending.payload.size()});
            held_bytes_ += pending.payload.size();
        }
        head_.store(batch.back().entry->position, std::memory_order_release);
        while (!held_.empty() && (held_.size() > records_max_ || held_bytes_ > bytes_max_)) {
            held_bytes_ -= held_.front().bytes;
            evicted.push_back(std::move(held_.front().entry));
            held_.pop_front();
        }
    }
    moved_.notify_all();
}

Position LogTail::first() const {
    const std::lock_guard lock(mutex_);
    return first_locked();
}

std::vector<LogEntryPtr> LogTail::after(Position position, std::size_t count_max) const {
    std::vector<LogEntryPtr> entries;
    const std::lock_guard lock(mutex_);
    if (position + 1 < first_locked() || position >= head()) return entries;
    const auto skipped = static_cast<std::size_t>(position + 1 - first_locked());
    const auto count = std::min(count_max, held_.size() - skipped);
    entries.reserve(count);
    for (std::size_t i = 0; i < count; ++i) entries.push_back(held_[skipped + i].entry);
    return entries;
}

LogEntryPtr LogTail::at(Position position) const {
    const std::lock_guard lock(mutex_);
    if (position < first_locked() || position > head()) return nullptr;
    return held_[static_cast<std::size_t>(position - first_locked())].entry;
}

bool LogTail::wait_past(Position position, std::chrono::milliseconds patience) {
    if (head() > position) return true;
    std::unique_lock lock(mutex_);
    const auto wakes_before = wakes_;
    moved_.wait_for(lock, patience, [&] { return head() > position || wakes_ != wakes_before; });
    return head() > position;
}

void LogTail::wake() {
    {
        const std::lock_guard lock(mutex_);
        ++wakes_;
    }
    moved_.notify_all();
}

}  // namespace dacapo
