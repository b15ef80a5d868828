// The newest records of the log, decoded, in memory; and the waiting for more.
// Followers in the writer's own process are served from here and neither read SQLite nor decode.
#pragma once

#include "infra/log/event_log.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>

namespace dacapo {

class LogTail {
public:
    // Keeps at most `records_max` records whose texts have at most `bytes_max` bytes in sum, and no record
    // before `head`, the log's newest when it was opened.
    LogTail(Position head, std::size_t records_max, std::size_t bytes_max);

    Position head() const { return head_.load(std::memory_order_acquire); }
    // Makes a durable batch visible and wakes who waits for it.
    void publish(std::span<const PendingRecord> batch);

    // The oldest position held; head() + 1 when there is none.
    Position first() const;
    // Up to `count_max` records after `position`, all of them held here; empty when older ones come first.
    std::vector<LogEntryPtr> after(Position position, std::size_t count_max) const;
    // Null when it is not held.
    LogEntryPtr at(Position position) const;

    bool wait_past(Position position, std::chrono::milliseconds patience);
    void wake();

private:
    struct Held {
        LogEntryPtr entry;
        std::size_t bytes;
    };
    Position first_locked() const { return head() + 1 - std::ssize(held_); }

    const std::size_t records_max_;
    const std::size_t bytes_max_;
    std::atomic<Position> head_;
    mutable std::mutex mutex_;
    std::condition_variable moved_;
    std::deque<Held> held_;
    std::size_t held_bytes_ = 0;
    std::uint64_t wakes_ = 0;
};

}  // namespace dacapo
