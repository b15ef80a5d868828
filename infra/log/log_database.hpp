// The writing side of the log's database file: its schema, the transaction of a batch, and checkpoints.
// One connection alone writes and checkpoints; the class that owns this one serialises its callers.
#pragma once

#include "infra/log/chain.hpp"
#include "infra/log/sqlite_handle.hpp"
#include "infra/log/sqlite_log.hpp"

#include <span>

namespace dacapo {

class LogDatabase {
public:
    // Opens the file, makes it a log when it is new. Throws LogRefused.
    explicit LogDatabase(const SqliteLogOptions& options);

    // Writes the batch from position `heads`' newest + 1 on, moves `heads` and syncs, all or nothing. Throws
    // std::logic_error for a record that is not its shard's next, LogWriteFailed (`heads` are as before, the
    // next batch may succeed) or LogBroken.
    void write(std::span<const PendingRecord> batch, Position first, ChainHeads& heads);

    // The size of the write-ahead log after the last commit.
    int wal_pages() const { return wal_pages_; }
    // Copies what readers allow into the database; the next write then begins the write-ahead log anew.
    // Throws LogBroken when a sync failed; other failures leave everything as it was.
    void checkpoint();

private:
    void set_up(const SqliteLogOptions& options);
    void insert(std::span<const PendingRecord> batch, Position first, ChainHeads& heads);
    void save_heads(const ChainHeads& before, const ChainHeads& after);
    void roll_back();

    SqliteConnection connection_;
    struct Statements;
    std::unique_ptr<Statements, void (*)(Statements*)> statements_;
    ChainHasher hasher_;
    int wal_pages_ = 0;
};

}  // namespace dacapo
