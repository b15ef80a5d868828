#include "projections/integration.hpp"

#include "projections/cloud_events.hpp"

namespace dacapo {
namespace {

constexpr std::chrono::milliseconds idle_wait{200};
constexpr std::chrono::milliseconds trouble_pause{1'000};

}  // namespace

Integration::Integration(EventLog& log, IntegrationOptions options)
    : log_(log), options_(std::move(options)), passed_(log.start()) {}

void Integration::start() {
    thread_ = std::thread([this] { run(); });
}

void Integration::stop() {
    stopping_ = true;
    log_.wake();
    { const std::lock_guard lock(mutex_); }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void Integration::publish_only(std::vector<int> shards) {
    share_.set(std::move(shards));
    log_.wake();
}

std::int64_t Integration::lag_records() const {
    const std::lock_guard lock(mutex_);
    return share_.without_others(passed_, position_unreachable).missing_of(log_.head());
}

// False while the tables are those of another log, or not there yet: the runner of the read models makes
// them.
bool Integration::prepare() {
    if (!session_) session_ = std::make_unique<sql::Session>(options_.database_url, sql::Use::write);
    if (!sql::missing(*session_, bookkeeping_migrations()).empty()) return false;
    if (checkpoint_of(*session_).epoch != log_.epoch()) return false;
    if (!checkpoints_) checkpoints_.emplace(*session_, "integration", log_.start());
    checkpoints_->load();
    remember(checkpoints_->frontier());
    prepared_ = true;
    return true;
}

bool Integration::step() {
    if (share_.take_change()) prepared_ = false;
    if (!prepared_ && !prepare()) return false;
    const auto from = share_.without_others(checkpoints_->frontier(), position_unreachable);
    const auto entries = log_.read_after(from, options_.batch_records_max);
    if (entries.empty()) return false;
    std::vector<CloudEvent> events;
    for (const auto& entry : entries)
        for (auto& event : cloud_events_of(*entry, log_.epoch(), options_.source))
            events.push_back(std::move(event));
    if (!options_.publish(events, stopping_)) return false;
    // Only now: a batch that was given out and not remembered is given out again.
    prepared_ = false;
    sql::Transaction transaction(*session_);
    if (checkpoint_of(*session_).epoch != log_.epoch() || !checkpoints_->move(entries)) return true;
    transaction.commit();
    checkpoints_->adopt();
    prepared_ = true;
    remember(checkpoints_->frontier());
    return true;
}

void Integration::remember(const Frontier& passed) {
    const std::lock_guard lock(mutex_);
    passed_ = passed;
}

void Integration::run() {
    while (!stopping_) {
        try {
            const bool moved = step();
            if (!prepared_ && !moved)
                rest(trouble_pause);
            else if (!moved)
                log_.wait_past(share_.without_others(checkpoints_->frontier(), position_unreachable),
                               idle_wait);
            if (moved) reported_.clear();
            continue;
        } catch (const std::exception& error) {
            report(error.what());
        }
        prepared_ = false;
        rest(trouble_pause);
    }
}

void Integration::report(std::string_view what) {
    if (reported_.emplace(what).second) options_.trouble(what);
}

void Integration::rest(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, time, [&] { return stopping_.load(); });
}

}  // namespace dacapo
