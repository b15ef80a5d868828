#include "projections/checkpoint_watch.hpp"

#include "projections/bookkeeping.hpp"

#include <algorithm>

namespace dacapo {
namespace {

// Older ones are thinned out: what is that late is late whatever the quarter of a second.
constexpr std::size_t samples_max = 1'000;

bool covers(const Frontier& passed, const Frontier& head, const std::vector<int>& shards) {
    return std::ranges::all_of(shards, [&](int shard) { return passed.covers(shard, head.at(shard)); });
}

}  // namespace

CheckpointWatch::CheckpointWatch(const EventLog& log, const Clock& clock, CheckpointWatchOptions options)
    : log_(log), clock_(clock), options_(std::move(options)), gauges_(log, clock), passed_(log.start()) {}

void CheckpointWatch::start() {
    thread_ = std::thread([this] {
        std::unique_lock lock(mutex_);
        while (!stopping_) {
            lock.unlock();
            look();
            lock.lock();
            wake_.wait_for(lock, options_.interval, [this] { return stopping_; });
        }
    });
}

void CheckpointWatch::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
}

std::optional<Frontier> CheckpointWatch::passed() {
    try {
        if (!session_) session_.emplace(options_.database_url, sql::Use::read);
        auto checkpoint = checkpoint_of(*session_, log_.start());
        in_trouble_ = false;
        // Tables of another log will be made anew.
        return checkpoint.epoch == log_.epoch() ? std::move(checkpoint.frontier) : log_.start();
    } catch (const std::exception& error) {
        if (!std::exchange(in_trouble_, true)) options_.trouble(error.what());
        session_.reset();
        return std::nullopt;
    }
}

void CheckpointWatch::look() {
    const auto now = clock_.now();
    const auto shards = options_.shards();
    // Before the tables are asked: what they have not passed then was there to be passed.
    heads_.push_back({now, log_.head()});
    if (const auto passed_now = passed()) {
        measure_rate(shards, *passed_now, now);
        passed_ = *passed_now;
        gauges_.set_passed(passed_);
    }
    measure_lag(shards, now);
}

void CheckpointWatch::measure_rate(const std::vector<int>& shards, const Frontier& passed, Timestamp now) {
    const bool late = heads_.size() > 1;
    if (passed_at_ && late && now > *passed_at_) {
        std::int64_t moved = 0;
        for (const auto shard : shards)
            moved += std::max<std::int64_t>(0, passed.at(shard) - passed_.at(shard));
        gauges_.batch_done(static_cast<std::size_t>(moved), static_cast<std::size_t>(moved),
                           now - *passed_at_);
    }
    passed_at_ = now;
}

// The oldest head that the tables do not have tells since when they are behind.
void CheckpointWatch::measure_lag(const std::vector<int>& shards, Timestamp now) {
    while (!heads_.empty() && covers(passed_, heads_.front().head, shards)) heads_.pop_front();
    if (heads_.size() > samples_max) heads_.erase(heads_.begin() + 1);
    if (heads_.empty())
        gauges_.set_idle();
    else
        gauges_.set_oldest(std::min(heads_.front().time, now));
}

}  // namespace dacapo
