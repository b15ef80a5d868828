// Follows the log and keeps every read model in step with it: rows and checkpoint in one transaction, in
// order. One thread. What it cannot apply it parks, what it cannot write it tries again, and it never skips a
// record.
#pragma once

#include "infra/progress.hpp"
#include "projections/bookkeeping.hpp"
#include "projections/gauges.hpp"
#include "projections/shard_share.hpp"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

namespace dacapo {

struct RunnerOptions {
    using Sink = std::function<void(std::span<const LogEntryPtr>)>;

    std::size_t batch_records_max = 10'000;
    // Called in order after each commit, before the progress moves: first the caches, then the feeds.
    std::vector<Sink> sinks;
    // Called with the records whose parked events have been applied after all: for the caches.
    std::vector<Sink> repaired;
    // Called once for each new kind of trouble until a batch succeeds again; the text holds no bound value.
    std::function<void(std::string_view)> trouble;
    // For tests: runs when everything is applied and nothing committed.
    std::function<void()> before_commit;
};

class Runner {
public:
    Runner(EventLog& log, sql::ReadDatabase& database, Projections projections, Progress& progress,
           const Clock& clock, RunnerOptions options = {});
    ~Runner() { stop(); }
    Runner(const Runner&) = delete;
    Runner& operator=(const Runner&) = delete;

    // Creates, drops and joins tables as versions and the log's epoch ask, then follows the log on its own
    // thread. Throws LogRefused when the log ends before the read models, sql::Error when the database cannot
    // be used.
    void start();
    // Finishes the batch under way. Idempotent.
    void stop();
    // Of a log whose shards count by themselves: only these from now on, for other runners have the rest. Any
    // thread.
    void project_only(std::vector<int> shards);
    // Tries the parked events again soon.
    void retry_parked();

    const RunnerGauges& gauges() const { return gauges_; }
    Frontier passed() const { return progress_.passed(); }

    // What the thread does, one piece at a time: for tests and for whoever rebuilds without a server.
    void prepare();
    bool step();  // one batch; false when there is nothing to do
    void retry_all();

private:
    struct Conflict {};  // another runner has been here: what was known must be read again

    void reset(Projection& projection, bool joined);
    void load();
    void require_reach(const Frontier& head) const;
    void check_generation();
    bool rebuild_step();
    bool follow_step();
    std::vector<LogEntryPtr> read_until(const Frontier& from, const Frontier& target);
    void join();
    void project(Checkpoints& checkpoints, std::span<const LogEntryPtr> entries, bool rebuilding);
    bool apply_whole(std::span<const LogEntryPtr> entries, bool rebuilding);
    void apply_each(std::span<const LogEntryPtr> entries, bool rebuilding);
    void apply_or_park(Projection& projection, const LogEntry& entry, std::size_t index);
    void retry(const ParkedEvents::Line& line);
    void announce(std::span<const LogEntryPtr> entries);
    void discard();
    Projection* find(std::string_view name) const;
    bool takes_part(const Projection& projection, bool rebuilding) const;

    void run();
    void report(std::string_view kind, std::string_view text);
    void rest(std::chrono::milliseconds time);

    EventLog& log_;
    sql::ReadDatabase& database_;
    sql::Session& writer_;
    Projections projections_;
    ShardShare share_;
    Progress& progress_;
    RunnerOptions options_;
    RunnerGauges gauges_;

    Checkpoints main_;
    Checkpoints rebuild_;
    ParkedEvents parked_;
    std::set<std::string, std::less<>> apart_;  // projections that are being rebuilt
    std::int64_t generation_ = 0;
    bool prepared_ = false;
    bool announcing_ = false;  // every table is joined: sinks and progress move
    Frontier announced_;       // they have come this far

    std::set<std::string, std::less<>> reported_;
    std::atomic<bool> stopping_{false};
    std::atomic<bool> retry_asked_{false};
    std::mutex mutex_;
    std::condition_variable wake_;
    std::thread thread_;
};

}  // namespace dacapo
