// Snapshots as rows of the read models' database, so that every server of a cluster can begin where a shard's
// owner has been. Nobody waits for the database to save one: a thread of its own writes them, and while the
// database is away the newest of each shard waits.
#pragma once

#include "command/snapshot_store.hpp"
#include "infra/clock.hpp"
#include "infra/sql/session.hpp"

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

namespace dacapo {

struct SnapshotTableOptions {
    std::string database_url;
    std::string epoch;  // of the log
    // Told once when the database cannot be used, and again after it has been used in between.
    std::function<void(const std::string& what)> on_warning = [](const std::string&) {};
    std::chrono::milliseconds retry_pause{5'000};
};

// Its table is made by the migrations of projections/bookkeeping.cpp.
class SnapshotTable final : public SnapshotStore {
public:
    SnapshotTable(const Clock& clock, SnapshotTableOptions options);
    // What waits is tried once more.
    ~SnapshotTable() override;

    // Returns at once. A row that is further along is left alone: its writer took the shard over.
    void save(int shard, Position position, std::string bytes) override;
    // Nothing, and a warning, while the database is away.
    std::optional<std::string> load(int shard, std::string& why) override;
    // Of the one that was loaded; returns at once.
    void discard(int shard) override;

    // False when something still waits after so long.
    bool await_written(std::chrono::milliseconds patience);

private:
    struct Work {
        std::optional<Position> discarded;  // comes first
        Position position = 0;
        std::string bytes;  // empty: nothing to save
    };

    void run();
    bool write(int shard, const Work& work);
    void put_back(int shard, Work work);
    sql::Session& session();
    void trouble(const std::string& what);

    const Clock& clock_;
    const SnapshotTableOptions options_;
    const std::string fingerprint_;

    std::mutex session_mutex_;  // whoever loads and whoever writes
    std::unique_ptr<sql::Session> session_;
    std::chrono::steady_clock::time_point next_attempt_{};
    bool in_trouble_ = false;

    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<int, Work> waiting_;
    std::map<int, Position> loaded_;  // the positions of the rows that were loaded
    bool writing_ = false;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace dacapo
