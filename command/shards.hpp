// All shards of the log in one process: found by id or key, rebuilt at start from snapshots and the log,
// with what they share (directory, sessions, idempotency) and the threads that write for them.
// On the embedded log all of them decide here. On a shared log each follows what others write until it is
// opened (by ownership.hpp), so that taking it over costs no replay.
#pragma once

#include "command/directory.hpp"
#include "command/group_commit.hpp"
#include "command/idempotency.hpp"
#include "command/neighbours.hpp"
#include "command/shard.hpp"
#include "command/snapshot_store.hpp"
#include "infra/session_registry.hpp"

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace dacapo {

struct ShardsOptions {
    std::shared_ptr<SnapshotStore> snapshots;  // none: only of shards that are never loaded
    std::filesystem::path log_folder;          // watched for room while the disk is full
    std::size_t snapshot_every_records = 200'000;
    std::chrono::milliseconds gather{
        0};  // how long a write waits for more when several came for the last one
    std::uintmax_t room_bytes_min = std::uintmax_t{16} << 20;
    // Told how far a long replay has come; and of anything an operator should read.
    std::function<void(std::int64_t done, std::int64_t count)> on_replay;
    std::function<void(const std::string& what)> on_warning;
    std::function<void(const std::string& what)> on_broken;  // must not return
    std::function<void(std::size_t records, std::chrono::nanoseconds took)> on_batch;
};

class Shards {
public:
    Shards(EventLog& log, const Clock& clock, ShardsOptions options);
    Shards(SharedLog& log, const Clock& clock, ShardsOptions options);
    ~Shards();

    // Reads the log from the snapshots on; these, where they have been read already. Blocks. Throws
    // LogRefused.
    void load(std::vector<ShardState> snapshots = {});
    // load() must have ended.
    void start();
    // Nothing is lost: what was decided is written, then a snapshot of every shard. No command may come
    // after.
    void stop();

    // Of a shared log. Decides for this shard from now on, its records under this term, once everything that
    // was written to it before is known here. False when that does not come within `patience`.
    bool open(int shard, std::int64_t term, std::chrono::milliseconds patience);
    // Takes no more commands for it. What has been decided still goes its way.
    void close(int shard);
    // Nothing decided here is on its way any more.
    bool is_settled(int shard);
    // Keeps a snapshot of a shard that has been closed and settled, for whoever starts next.
    void keep_snapshot(int shard);
    // Called on the committing thread, before start(): the shard has been closed because its batch is in
    // doubt.
    void on_stepped_down(std::function<void(int shard)> call) { stepped_down_ = std::move(call); }

    int count() const { return static_cast<int>(shards_.size()); }
    Shard& at(int shard) { return *shards_.at(static_cast<std::size_t>(shard)); }
    // Those that are asked to decide. They throw ShardElsewhere when that is done in another process, before
    // anything has been looked at here.
    Shard& accounts() { return here(account_shard); }
    Shard& of_id(std::int64_t id) { return here(shard_of_id(id, count())); }
    Shard& of_title(std::string_view folded_title) { return here(shard_of_title(folded_title, count())); }
    Shard& of_pair(UserId one, UserId other) { return here(shard_of_pair(one, other, count())); }
    Shard& of_person(UserId person) { return here(shard_of_person(person, count())); }

    // Asks the directory and, at a miss, the shard that the id names, wherever that is decided.
    boost::asio::awaitable<bool> user_exists(UserId id);
    boost::asio::awaitable<bool> gathering_exists(GatheringId id);

    // On a shared log: whom to ask about shards that are decided elsewhere. Before the first command.
    void join(Neighbours& neighbours);
    // Set when this shard is decided elsewhere and somebody can be asked.
    Neighbours* neighbours_for(int shard) const;

    EventLog& log() { return log_; }
    SessionRegistry& sessions() { return sessions_; }
    IdempotencyTable& idempotency() { return idempotency_; }

private:
    Shards(EventLog& log, SharedLog* shared, const Clock& clock, ShardsOptions options);

    Shard& here(int shard) {
        auto& found = at(shard);
        found.require_here();
        return found;
    }
    GroupCommitHooks commit_hooks();
    void announce(const ShardState& state);
    void follow();
    void stop_threads();
    void take_in_foreign(const LogEntryPtr& entry);
    std::vector<int> all_shards() const;
    std::vector<ShardState> load_snapshots(const std::vector<int>& of);
    void complete(std::vector<ShardState>& states, const std::vector<int>& of);
    void discard_snapshot(ShardState& state, const std::string& why);
    void replay(std::vector<ShardState>& states, const std::vector<int>& of);
    void save_snapshot(int shard, Position position, std::string bytes);
    void adopt(std::vector<ShardState>& states);
    void rebuild(const std::vector<int>& affected);
    bool has_room() const;

    EventLog& log_;
    const ShardsOptions options_;
    std::vector<std::unique_ptr<Shard>> shards_;
    Directory directory_;
    SessionRegistry sessions_;
    IdempotencyTable idempotency_;
    std::vector<std::unique_ptr<GroupCommit>> commits_;  // one for all shards, or one for each

    SharedLog* const shared_;
    Neighbours* neighbours_ = nullptr;
    std::function<void(int)> stepped_down_ = [](int) {};
    // Held while a page of the log is taken in and while a shard is read anew, so that neither misses a
    // record.
    std::mutex follow_mutex_;
    std::condition_variable followed_;
    Frontier followed_to_;
    std::atomic<bool> stopping_{false};
    std::thread follower_;
};

}  // namespace dacapo
