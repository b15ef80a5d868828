// How far the read models and the caches have come, and the waiting for them to come further.
// Every read waits here until what was acknowledged when it arrived can be seen; the projection runner moves
// it.
#pragma once

#include "infra/log/event_log.hpp"

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <mutex>

namespace dacapo {

class Progress {
public:
    // `start` is that of the log: it tells how many places there are.
    explicit Progress(const Frontier& start = {});

    // The newest records that tables and caches have passed.
    Frontier passed() const;
    bool has_passed(const Frontier& frontier) const;

    // True once `frontier` has been passed, false when `patience` is over first. Resumes on the caller's
    // executor.
    boost::asio::awaitable<bool> wait(Frontier frontier, std::chrono::milliseconds patience);

    // Called by the runner, after its commit and after the caches have dropped what changed. Never goes back.
    void advance(const Frontier& frontier);

    // Drops whoever still waits, unresumed until their patience is over: before the executors of the waiters
    // go away.
    void clear();

    std::size_t waiting_count();

private:
    // One place of the frontier, and who waits for it to move.
    struct Lane {
        std::atomic<Position> passed{0};
        std::multimap<Position, std::shared_ptr<boost::asio::steady_timer>> waiting;
    };

    boost::asio::awaitable<bool> wait(Lane& lane, Position position, std::chrono::milliseconds patience);

    std::mutex mutex_;
    std::deque<Lane> lanes_;
};

}  // namespace dacapo
