// All shards of the log in one process: found by id or key, rebuilt at start from snapshots and the log,
// with what they share (directory, sessions, idempotency) and the thread that writes for them.
#pragma once

#include "command/directory.hpp"
#include "command/group_commit.hpp"
#include "command/idempotency.hpp"
#include "command/session_registry.hpp"
#include "command/shard.hpp"
#include "command/snapshot.hpp"

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

namespace dacapo {

struct ShardsOptions {
    std::filesystem::path snapshot_folder;
    std::filesystem::path log_folder;  // watched for room while the disk is full
    std::size_t snapshot_every_records = 200'000;
    std::uintmax_t room_bytes_min = std::uintmax_t{16} << 20;
    // Told how far a long replay has come; and of anything an operator should read.
    std::function<void(Position done, Position head)> on_replay;
    std::function<void(const std::string& what)> on_warning;
    std::function<void(const std::string& what)> on_broken;  // must not return
    std::function<void(std::size_t records, std::chrono::nanoseconds took)> on_batch;
};

class Shards {
public:
    Shards(EventLog& log, const Clock& clock, ShardsOptions options);
    ~Shards();

    // Reads snapshots and log. Blocks. Throws LogRefused.
    void load();
    // load() must have ended.
    void start();
    // Nothing is lost: what was decided is written, then a snapshot of every shard. No command may come
    // after.
    void stop();

    int count() const { return static_cast<int>(shards_.size()); }
    Shard& at(int shard) { return *shards_.at(static_cast<std::size_t>(shard)); }
    Shard& accounts() { return at(account_shard); }
    Shard& of_id(std::int64_t id) { return at(shard_of_id(id, count())); }
    Shard& of_title(std::string_view folded_title) { return at(shard_of_title(folded_title, count())); }
    Shard& of_pair(UserId one, UserId other) { return at(shard_of_pair(one, other, count())); }
    Shard& of_person(UserId person) { return at(shard_of_person(person, count())); }

    // Asks the directory and, at a miss, the shard that the id names.
    bool user_exists(UserId id);
    bool gathering_exists(GatheringId id);

    EventLog& log() { return log_; }
    SessionRegistry& sessions() { return sessions_; }
    IdempotencyTable& idempotency() { return idempotency_; }

private:
    std::vector<ShardState> read_states();
    void discard_snapshot(ShardState& state, const std::string& why);
    Position load_snapshots(std::vector<ShardState>& states);
    void replay(std::vector<ShardState>& states, Position from);
    void adopt(std::vector<ShardState>& states);
    void rebuild(const std::vector<int>& affected);
    bool has_room() const;

    EventLog& log_;
    const ShardsOptions options_;
    SnapshotStore snapshots_;
    std::vector<std::unique_ptr<Shard>> shards_;
    Directory directory_;
    SessionRegistry sessions_;
    IdempotencyTable idempotency_;
    std::unique_ptr<GroupCommit> commit_;
};

}  // namespace dacapo
