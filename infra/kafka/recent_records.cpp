#include "infra/kafka/recent_records.hpp"

#include <algorithm>

namespace dacapo::kafka {

RecentRecords::RecentRecords(Frontier start, std::size_t records_max, std::size_t bytes_max)
    : records_max_(records_max),
      bytes_max_(bytes_max),
      head_(std::move(start)),
      shards_(head_.places().size()) {
    for (std::size_t i = 0; i < shards_.size(); ++i) shards_[i].complete_after = head_.places()[i];
}

void RecentRecords::publish(std::span<const Fresh> fresh) {
    if (fresh.empty()) return;
    // Freed after the lock is released: a record's destruction is not the readers' business.
    std::vector<LogEntryPtr> evicted;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& one : fresh) {
            const auto shard = one.entry->record.shard;
            shards_[static_cast<std::size_t>(shard)].held.push_back(one);
            arrivals_.push_back(shard);
            bytes_ += one.bytes;
            head_.advance(shard, one.entry->position);
        }
        while (!arrivals_.empty() && (arrivals_.size() > records_max_ || bytes_ > bytes_max_)) {
            auto& shard = shards_[static_cast<std::size_t>(arrivals_.front())];
            shard.complete_after = shard.held.front().entry->position;
            bytes_ -= shard.held.front().bytes;
            evicted.push_back(std::move(shard.held.front().entry));
            shard.held.pop_front();
            arrivals_.pop_front();
        }
    }
    moved_.notify_all();
}

void RecentRecords::fail(const std::string& why) {
    {
        const std::lock_guard lock(mutex_);
        if (fault_.empty()) fault_ = why;
    }
    moved_.notify_all();
}

void RecentRecords::require_readable() const {
    const std::lock_guard lock(mutex_);
    require_readable_locked();
}

void RecentRecords::require_readable_locked() const {
    if (!fault_.empty()) throw LogRefused(fault_);
}

Frontier RecentRecords::head() const {
    const std::lock_guard lock(mutex_);
    return head_;
}

std::optional<RecentRecords::Gap> RecentRecords::first_gap(const Frontier& after) const {
    const std::lock_guard lock(mutex_);
    for (int shard = 0; shard < std::ssize(shards_); ++shard) {
        const auto last = shards_[static_cast<std::size_t>(shard)].complete_after;
        if (after.at(shard) < last) return Gap{shard, last};
    }
    return std::nullopt;
}

void RecentRecords::read_after(const Frontier& after, std::size_t count_max,
                               std::vector<LogEntryPtr>& page) const {
    const std::lock_guard lock(mutex_);
    const auto first = turn_++;
    for (std::size_t i = 0; i < shards_.size() && page.size() < count_max; ++i) {
        const auto index = (first + i) % shards_.size();
        const auto& [complete_after, held] = shards_[index];
        const auto position = after.at(static_cast<int>(index));
        if (position < complete_after || held.empty()) continue;
        auto next = std::ranges::upper_bound(held, position, {},
                                             [](const Fresh& one) { return one.entry->position; });
        for (; next != held.end() && page.size() < count_max; ++next) page.push_back(next->entry);
    }
}

LogEntryPtr RecentRecords::at(int shard, Position position) const {
    const std::lock_guard lock(mutex_);
    const auto& held = shards_[static_cast<std::size_t>(shard)].held;
    const auto found =
        std::ranges::lower_bound(held, position, {}, [](const Fresh& one) { return one.entry->position; });
    return found == held.end() || found->entry->position != position ? nullptr : found->entry;
}

bool RecentRecords::wait_past(const Frontier& after, std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    const auto wakes_before = wakes_;
    moved_.wait_for(lock, patience,
                    [&] { return !fault_.empty() || !after.covers(head_) || wakes_ != wakes_before; });
    require_readable_locked();
    return !after.covers(head_);
}

void RecentRecords::wake() {
    {
        const std::lock_guard lock(mutex_);
        ++wakes_;
    }
    moved_.notify_all();
}

}  // namespace dacapo::kafka
