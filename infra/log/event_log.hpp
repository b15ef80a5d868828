// The port to the event log: records in, records out, in the order in which they became durable.
// One process writes; any number of readers page and follow. Implementations: sqlite_log (embedded), later kafka_log.
#pragma once

#include "events/record.hpp"

#include <chrono>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace dacapo {

// A place in one shard's part of the log. In the embedded log all shards count in one sequence.
using Position = std::int64_t;

struct LogEntry {
    Position position = 0;
    Record record;
};
using LogEntryPtr = std::shared_ptr<const LogEntry>;

// A record about to be written, with its text made by encode(). append() fills in `entry->position`.
struct PendingRecord {
    std::shared_ptr<LogEntry> entry;
    std::string payload;
};

// Nothing of the batch was written (disk full, I/O error before the sync). The writer may try again later.
struct LogWriteFailed : std::runtime_error {
    LogWriteFailed(const std::string& what, bool full) : std::runtime_error(what), disk_full(full) {}
    bool disk_full;
};

// The sync failed: what is durable is unknown. The process must end (exit code 3) and read the log again.
struct LogBroken : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// The log cannot be used as it stands: damaged before its end, shorter than it must be, of another shard count,
// or held by another process. The start is refused (exit code 2) with this text, which names the position.
struct LogRefused : std::runtime_error {
    using std::runtime_error::runtime_error;
};

class EventLog {
public:
    virtual ~EventLog() = default;

    virtual int shard_count() const = 0;
    // Changes when a log is made anew: positions of different epochs are not comparable. 16 hexadecimal digits.
    virtual const std::string& epoch() const = 0;
    // The position of the newest durable record; 0 when the log is empty.
    virtual Position head() const = 0;

    // Writes the batch in one transaction, syncs it, then makes it visible to readers. Blocks; called by one thread.
    // Throws LogWriteFailed or LogBroken.
    virtual void append(std::span<PendingRecord> batch) = 0;

    // Up to `count_max` records (capped at 10,000) after `position`, in order; empty at the end. Any thread.
    // Throws LogRefused at a damaged record.
    virtual std::vector<LogEntryPtr> read_after(Position position, std::size_t count_max) = 0;

    // Waits until the head has passed `position` or the time is over; the answer is whether it has. Any thread.
    virtual bool wait_past(Position position, std::chrono::milliseconds patience) = 0;
    // Wakes every thread that waits (for a stop).
    virtual void wake() = 0;

    // The record at this position, or null. Any thread; blocks on the disk when it is old.
    virtual LogEntryPtr read_at(Position position) = 0;
};

}  // namespace dacapo
