#include "query/table_follower.hpp"

#include "projections/bookkeeping.hpp"

#include <algorithm>

namespace dacapo {
namespace {

constexpr std::size_t batch_records_max = 10'000;
constexpr std::chrono::milliseconds idle_wait{200};
constexpr std::chrono::milliseconds trouble_pause{500};

}  // namespace

TableFollower::TableFollower(EventLog& log, sql::Session& session, Progress& progress, const Clock& clock,
                             TableFollowerOptions options)
    : log_(log),
      session_(session),
      progress_(progress),
      clock_(clock),
      options_(std::move(options)),
      announced_(log.start()) {}

// Nothing while the tables are those of another log, or of none: a projector will make them anew.
std::optional<Frontier> TableFollower::stored() {
    auto checkpoint = checkpoint_of(session_, log_.start());
    if (checkpoint.epoch != log_.epoch()) return std::nullopt;
    return std::move(checkpoint.frontier);
}

// The caches begin empty and the feeds begin where the tables are.
bool TableFollower::begin() {
    const auto passed = stored();
    if (!passed) return false;
    announced_ = *passed;
    progress_.advance(announced_);
    following_ = true;
    return true;
}

void TableFollower::start() {
    thread_ = std::thread([this] { run(); });
}

void TableFollower::stop() {
    stopping_ = true;
    log_.wake();
    { const std::lock_guard lock(mutex_); }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void TableFollower::run() {
    while (!stopping_) {
        try {
            if (following_ && announced_.covers(log_.head())) log_.wait_past(announced_, idle_wait);
            const bool moved = step();
            in_trouble_ = false;
            if (!moved && (!following_ || !announced_.covers(log_.head()))) rest(options_.look_interval);
        } catch (const std::exception& error) {
            if (!std::exchange(in_trouble_, true)) options_.trouble(error.what());
            rest(trouble_pause);
        }
    }
}

bool TableFollower::step() {
    if (!following_) return begin();
    auto entries = log_.read_after(announced_, batch_records_max);
    if (entries.empty()) {
        oldest_ms_ = 0;
        return false;
    }
    const auto passed = stored();
    if (!passed) return false;
    const auto oldest = std::ranges::find_if(
        entries, [&](const auto& entry) { return !passed->covers(entry->record.shard, entry->position); });
    oldest_ms_ = oldest == entries.end() ? 0 : (*oldest)->record.time.time_since_epoch().count();
    std::erase_if(entries,
                  [&](const auto& entry) { return !passed->covers(entry->record.shard, entry->position); });
    if (entries.empty()) return false;
    for (const auto& sink : options_.sinks) sink(entries);
    advance_over(announced_, entries);
    progress_.advance(announced_);
    return true;
}

std::chrono::milliseconds TableFollower::lag() const {
    const auto oldest = oldest_ms_.load();
    if (oldest == 0) return std::chrono::milliseconds(0);
    const auto age = clock_.now().time_since_epoch() - std::chrono::milliseconds(oldest);
    return std::max(std::chrono::duration_cast<std::chrono::milliseconds>(age), std::chrono::milliseconds(0));
}

void TableFollower::rest(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, time, [&] { return stopping_.load(); });
}

}  // namespace dacapo
