// The port to the event log: records in, records out, in the order in which they became durable.
// Each shard has one writer; any number of readers page and follow. Implementations: sqlite_log (embedded,
// one process writes all shards) and kafka_log (a SharedLog).
#pragma once

#include "events/record.hpp"
#include "infra/log/frontier.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace dacapo {

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

// What became of the batch is unknown, or another process writes this shard now: whoever decided on it must
// give up what is not known to be durable and read the shard again before deciding more.
struct LogInDoubt : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// The log cannot be used as it stands: damaged before its end, shorter than it must be, of another shard
// count, or held by another process. The start is refused (exit code 2) with this text, which names the
// position.
struct LogRefused : std::runtime_error {
    using std::runtime_error::runtime_error;
};

class EventLog {
public:
    virtual ~EventLog() = default;

    virtual int shard_count() const = 0;
    // Changes when a log is made anew: positions of different epochs are not comparable. 16 hexadecimal
    // digits.
    virtual const std::string& epoch() const = 0;
    // Before the first record, in the shape of this log: one place for all shards, or one for each.
    virtual Frontier start() const { return {}; }
    // The newest durable records; start() when the log is empty.
    virtual Frontier head() const = 0;

    // Writes the batch, makes it durable and then visible to readers. Blocks. Called by one thread; in a
    // SharedLog by one thread for each shard, with records of that shard alone. Throws LogWriteFailed,
    // LogBroken or LogInDoubt.
    virtual void append(std::span<PendingRecord> batch) = 0;

    // Up to `count_max` records (capped at 10,000) after `after`, in order within each shard; empty at the
    // end. Any thread. Throws LogRefused at a damaged record.
    virtual std::vector<LogEntryPtr> read_after(const Frontier& after, std::size_t count_max) = 0;

    // Waits until the head has passed `after` in some shard or the time is over; the answer is whether it
    // has. Any thread.
    virtual bool wait_past(const Frontier& after, std::chrono::milliseconds patience) = 0;
    // Wakes every thread that waits (for a stop).
    virtual void wake() = 0;

    // The record of this shard at this position, or null. Any thread; blocks on the disk when it is old.
    virtual LogEntryPtr read_at(int shard, Position position) = 0;
};

// A log that several processes write, each its own shards, and where only the log itself decides who does.
// Every writing of a shard by one process is a term; a record of an older term is void for every reader.
class SharedLog : public EventLog {
public:
    // Becomes the writer of this shard and answers with the new term. Blocks until the log itself says so:
    // whatever the shard's writer before has written validly is then below head(). Throws LogInDoubt.
    virtual std::int64_t take(int shard) = 0;
    // Appends no more to this shard. What is on its way may still become durable.
    virtual void give_up(int shard) = 0;
    // Another process has taken a shard that was ours. Called on a thread of the log's, without a lock; set
    // once, before the first take().
    virtual void on_deposed(std::function<void(int shard)> call) = 0;
};

// Moves over these entries, which follow it.
inline void advance_over(Frontier& frontier, std::span<const LogEntryPtr> entries) {
    for (const auto& entry : entries) frontier.advance(entry->record.shard, entry->position);
}

}  // namespace dacapo
