// How far the read models and the caches have come, and the waiting for them to come further.
// Every read waits here until what was acknowledged when it arrived can be seen; the projection runner moves
// it.
#pragma once

#include "infra/log/event_log.hpp"

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>

namespace dacapo {

class Progress {
public:
    // The newest position that tables and caches have passed.
    Position passed() const { return passed_.load(std::memory_order_acquire); }

    // True once `position` has been passed, false when `patience` is over first. Resumes on the caller's
    // executor.
    boost::asio::awaitable<bool> wait(Position position, std::chrono::milliseconds patience);

    // Called by the runner, after its commit and after the caches have dropped what changed. Never goes back.
    void advance(Position position);

    // Drops whoever still waits, unresumed until their patience is over: before the executors of the waiters
    // go away.
    void clear();

    std::size_t waiting_count() {
        const std::lock_guard lock(mutex_);
        return waiting_.size();
    }

private:
    std::atomic<Position> passed_{0};
    std::mutex mutex_;
    std::multimap<Position, std::shared_ptr<boost::asio::steady_timer>> waiting_;
};

}  // namespace dacapo
