#include "projections/runner.hpp"

#include <algorithm>

namespace dacapo {

namespace {

constexpr std::chrono::milliseconds idle_wait{200};
// Small transactions write most pages again and again (17 us a message in batches of 50, 7 us in batches of
// 1,000): under load the runner lets a little work gather. Reads wait that much longer then, and never when
// there is little.
constexpr std::chrono::milliseconds gather_wait{25};
constexpr std::int64_t gather_from_records = 200;
constexpr std::int64_t gather_to_records = 4000;

constexpr std::chrono::milliseconds pause_min{10};
constexpr std::chrono::milliseconds pause_max{1000};

std::string_view name_of_kind(sql::ErrorKind kind) {
    switch (kind) {
        case sql::ErrorKind::busy:
            return "read_database_busy";
        case sql::ErrorKind::full:
            return "read_database_full";
        case sql::ErrorKind::storage:
            return "read_database_unusable";
        case sql::ErrorKind::unreachable:
            return "read_database_unreachable";
        case sql::ErrorKind::statement:
            return "read_database_statement";
    }
    return "read_database";
}

}  // namespace

Runner::Runner(EventLog& log, sql::ReadDatabase& database, Projections projections, Progress& progress,
               const Clock& clock, RunnerOptions options)
    : log_(log),
      database_(database),
      writer_(database.writer()),
      projections_(std::move(projections)),
      progress_(progress),
      options_(std::move(options)),
      gauges_(log, clock),
      main_(writer_, "main", log.start()),
      rebuild_(writer_, "rebuild", log.start()),
      parked_(writer_),
      announced_(log.start()) {}

void Runner::start() {
    prepare();
    retry_asked_ = true;
    thread_ = std::thread([this] { run(); });
}

void Runner::stop() {
    stopping_ = true;
    log_.wake();
    { const std::lock_guard lock(mutex_); }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void Runner::retry_parked() {
    retry_asked_ = true;
    log_.wake();
}

void Runner::run() {
    auto pause = pause_min;
    while (!stopping_) {
        try {
            if (retry_asked_ && prepared_ && apart_.empty()) retry_all();
            const auto before = announced_.total();
            if (!step())
                log_.wait_past(share_.without_others(main_.frontier(), position_unreachable), idle_wait);
            if (announced_.total() - before >= gather_from_records &&
                gauges_.lag_records() < gather_to_records)
                rest(gather_wait);
            pause = pause_min;
            reported_.clear();
            continue;
        } catch (const sql::Error& error) {
            report(name_of_kind(error.kind), error.what());
        } catch (const LogRefused& error) {
            report("log_refused", error.what());
        } catch (const std::exception& error) {
            report("runner", error.what());
        }
        prepared_ = false;  // Whatever was half done has been rolled back: start from what is stored.
        rest(pause);
        pause = std::min(pause * 2, pause_max);
    }
}

bool Runner::step() {
    if (share_.take_change()) prepared_ = false;
    if (!prepared_) prepare();
    try {
        return apart_.empty() ? follow_step() : rebuild_step();
    } catch (Conflict) {
        prepared_ = false;
        return true;
    }
}

bool Runner::follow_step() {
    const auto stored = main_.frontier();
    if (options_.sinks.empty()) {  // Nobody need hear of what other runners did, so it need not be read.
        announced_.advance(stored);
        progress_.advance(announced_);
    }
    if (!announced_.covers(
            stored)) {  // Another runner's work: its rows are there, our sinks have not heard of it.
        const auto entries = read_until(announced_, stored);
        announce(entries);
        return true;
    }
    const auto entries =
        log_.read_after(share_.without_others(stored, position_unreachable), options_.batch_records_max);
    if (entries.empty()) {
        gauges_.set_idle();
        return false;
    }
    gauges_.set_oldest(entries.front()->record.time);
    const auto begun = std::chrono::steady_clock::now();
    project(main_, entries, false);
    announce(entries);
    std::size_t event_count = 0;
    for (const auto& entry : entries) event_count += entry->record.events.size();
    gauges_.batch_done(entries.size(), event_count, std::chrono::steady_clock::now() - begun);
    if (share_.without_others(main_.frontier(), position_unreachable).covers(log_.head())) gauges_.set_idle();
    return true;
}

bool Runner::rebuild_step() {
    const auto target = main_.frontier();
    if (const auto next = log_.read_after(target, 1); !next.empty())
        gauges_.set_oldest(next.front()->record.time);
    const auto rebuilt = rebuild_.frontier();
    if (rebuilt.covers(target)) {
        join();
        return true;
    }
    project(rebuild_, read_until(rebuilt, target), true);
    return true;
}

void Runner::project_only(std::vector<int> shards) {
    share_.set(std::move(shards));
    log_.wake();
}

// A batch after `from` of what lies up to `target`, which the log must have.
std::vector<LogEntryPtr> Runner::read_until(const Frontier& from, const Frontier& target) {
    auto entries = log_.read_after(from, options_.batch_records_max);
    std::erase_if(entries,
                  [&](const auto& entry) { return !target.covers(entry->record.shard, entry->position); });
    if (entries.empty()) throw LogRefused("the log ends before the read models");
    return entries;
}

void Runner::announce(std::span<const LogEntryPtr> entries) {
    for (const auto& sink : options_.sinks) sink(entries);
    advance_over(announced_, entries);
    gauges_.set_passed(announced_);
    gauges_.set_parked(parked_.count());
    progress_.advance(announced_);
}

void Runner::report(std::string_view kind, std::string_view text) {
    if (reported_.emplace(kind).second && options_.trouble)
        options_.trouble(std::string(kind) + ": " + std::string(text));
}

void Runner::rest(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, time, [&] { return stopping_.load(); });
}

}  // namespace dacapo
