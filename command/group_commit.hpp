// The thread that writes: it takes what its shards have gathered, has the log write and sync it as one batch,
// and only then lets the replies go. While a batch is being synced the next one gathers by itself.
// One for all shards on the embedded log, where a sync costs the same for all; one for each shard on a shared
// log, where one shard's trouble must not hold up another. There each batch costs the brokers a request and
// every follower another, so a shard with several commands at once waits a moment for more of them.
#pragma once

#include "command/shard.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <span>
#include <thread>

namespace dacapo {

struct GroupCommitHooks {
    // Everything that follows the log within this process, before any reply leaves. On the committing thread.
    std::function<void(std::span<const LogEntryPtr>)> on_durable;
    // Gives these shards the state that the log has. On the committing thread, with no shard locked; none of
    // them takes commands meanwhile.
    std::function<void(const std::vector<int>& shards)> rebuild;
    // Is there room for the log again? Asked twice a second while the disk is full.
    std::function<bool()> has_room;
    // The sync failed: what is durable is unknown. The process ends with exit code 3;
    // where this returns all the same, nobody is acknowledged (503 `outcome_unknown`).
    std::function<void(const std::string& what)> on_broken;
    // The state of a shard with all up to this record, which is durable, to be kept. On the committing
    // thread.
    std::function<void(int shard, Position position, std::string bytes)> on_snapshot;
    std::function<void(const std::string& what)> on_failure;
    // This shard's batch is in doubt: it has been closed and rebuilt from the log, and somebody may own it
    // anew.
    std::function<void(int shard)> on_stepped_down = [](int) {};
    // Records in the batch and how long its write and sync took.
    std::function<void(std::size_t records, std::chrono::nanoseconds took)> on_batch;
};

class GroupCommit {
public:
    GroupCommit(EventLog& log, std::vector<Shard*> shards, GroupCommitHooks hooks,
                std::size_t snapshot_every_records, std::chrono::milliseconds gather);
    ~GroupCommit();

    void start();
    // Writes what has been decided, then ends. Every waiting command gets its answer.
    void stop();
    // A shard has something to write. Any thread.
    void wake();
    // Takes a snapshot of every shard, one per batch or at once when idle (before a graceful stop).
    void request_snapshots();

private:
    struct Batch {
        std::vector<PendingRecord> records;
        std::vector<Shard::Waiting> waiting;
        std::vector<int> shards;  // with records in this batch
        int snapshot_of = -1;
        Position snapshot_position = 0;
        std::string snapshot;
    };

    void run();
    Batch gather();
    void write(Batch& batch);
    void settle(const Batch& batch);
    std::vector<int> abandon(Batch& batch, Shard::Stage stage);
    void roll_back(Batch& batch, bool disk_full);
    void step_down(Batch& batch);
    void await_room();
    Shard& shard_of(int index) const;
    void open(const std::vector<int>& shards);
    void complete(std::vector<Shard::Waiting>& waiting, CommitResult result);
    void note_snapshots_due(std::size_t written);

    EventLog& log_;
    const std::vector<Shard*> shards_;
    const GroupCommitHooks hooks_;
    const std::size_t snapshot_every_records_;
    const std::chrono::milliseconds gather_;

    std::atomic<bool> work_{false};
    std::atomic<bool> stopping_{false};
    std::atomic<bool> snapshots_requested_{false};
    std::size_t written_since_snapshots_ = 0;
    std::vector<int> snapshots_due_;
    bool full_ = false;
    bool several_wait_ = false;  // commands for the same batch, the last time
    std::thread thread_;
};

}  // namespace dacapo
