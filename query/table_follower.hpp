// On a cluster the read models are written by other processes. This follows them: when the tables have passed
// a record, caches drop what it changed, feeds show it, and reads that waited for it go on - as the runner
// does it in one process.
#pragma once

#include "infra/clock.hpp"
#include "infra/progress.hpp"
#include "infra/sql/read_database.hpp"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <thread>
#include <vector>

namespace dacapo {

struct TableFollowerOptions {
    using Sink = std::function<void(std::span<const LogEntryPtr>)>;

    // How often the tables are asked how far they are while something is expected of them.
    std::chrono::milliseconds look_interval{10};
    std::vector<Sink> sinks;  // in order, before the progress moves: first the caches, then the feeds
    // Told once for each new kind of trouble until a look succeeds again.
    std::function<void(std::string_view)> trouble = [](std::string_view) {};
};

class TableFollower {
public:
    // The log must have been read as far as the tables have come by whoever reads it here.
    TableFollower(EventLog& log, sql::Session& session, Progress& progress, const Clock& clock,
                  TableFollowerOptions options);
    ~TableFollower() { stop(); }
    TableFollower(const TableFollower&) = delete;
    TableFollower& operator=(const TableFollower&) = delete;

    // Begins where the tables are, as soon as there are tables of this log.
    void start();
    void stop();

    // There are tables of this log, and they are followed.
    bool is_following() const { return following_; }

    // How long the oldest record that the tables have not passed has waited; zero when there is none.
    std::chrono::milliseconds lag() const;

    // One look, for tests: false when nothing was new.
    bool step();

private:
    void run();
    std::optional<Frontier> stored();
    bool begin();
    void rest(std::chrono::milliseconds time);

    EventLog& log_;
    sql::Session& session_;
    Progress& progress_;
    const Clock& clock_;
    const TableFollowerOptions options_;
    Frontier announced_;
    std::atomic<std::int64_t> oldest_ms_{0};  // 0: nothing is missing
    std::atomic<bool> following_{false};
    bool in_trouble_ = false;
    std::atomic<bool> stopping_{false};
    std::mutex mutex_;
    std::condition_variable wake_;
    std::thread thread_;
};

}  // namespace dacapo
