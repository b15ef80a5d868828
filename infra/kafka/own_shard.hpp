// What this process writes to one shard: the protocol's writer, joined to the threads that meet in it.
// The shard's committing thread claims, begins a batch and waits; the reading thread tells what it has read;
// the producer's thread tells what went wrong. None of them holds the lock while it waits for Kafka.
#pragma once

#include "infra/kafka/log_messages.hpp"
#include "infra/log/event_log.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>

namespace dacapo::kafka {

class OwnShard {
public:
    using Clock = std::chrono::steady_clock;

    // By the committing thread. Whatever was before, a new attempt begins: a barrier with this session is to
    // be sent.
    WriterSession claim();
    // Until our barrier was read: the term. Throws LogInDoubt when it cannot be, or when `patience` is over
    // and the reading has not moved meanwhile; LogBroken after break_off().
    std::int64_t await_claim(std::chrono::milliseconds patience);

    struct Sending {
        WriterSession session = 0;
        std::vector<RecordMessage> records;  // in the batch's order
    };
    // Takes the batch for reading back; its records are then to be sent. Throws LogInDoubt when this process
    // is not the shard's writer or these are not its next records.
    Sending begin(std::span<const PendingRecord> batch);
    // Nothing of it was sent.
    void withdraw();
    // Until all of the batch was read back. Throws as await_claim().
    void await_batch(Clock::time_point deadline);
    void give_up();

    // By the reading thread, in the shard's order. The entry of our own record, to be shown instead of a
    // decoded copy; null when it is not one that is waited for.
    LogEntryPtr take_own(const RecordMessage& record, Position position);
    void saw_valid(RecordMark mark);
    // `newest` is the valid record before it. True: we are no longer the writer.
    bool saw_barrier(WriterSession session, Position position, const RecordMessage& newest);
    void saw_progress();

    // By any thread: a message of this session was perhaps not stored.
    void fail(WriterSession session, const std::string& why);
    // The log is at its end for this process.
    void break_off(const std::string& why);

private:
    struct Awaited {
        std::shared_ptr<LogEntry> entry;
        RecordHash hash;
    };
    void require_unbroken() const;
    [[noreturn]] void doubt(const std::string& why);

    std::mutex mutex_;
    std::condition_variable moved_;
    ShardWriter writer_;
    RecordHash hash_{};  // of the newest record sent
    ChainHasher hasher_;
    RecordMark before_;  // the newest record sent before the batch
    RecordHash hash_before_{};
    std::deque<Awaited> awaited_;  // of the batch, not read back yet
    std::uint64_t progress_ = 0;
    std::string failure_;  // of the current session
    std::string broken_;
};

}  // namespace dacapo::kafka
