// What the passing of time asks for: check-ins that expire after a day, gatherings that are over.
// Each is an ordinary command of the shard that it reads; the target's own state makes a repeat do nothing.
#pragma once

#include "command/shards.hpp"

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <thread>

namespace dacapo {

// Looks once a second, on a thread of its own, from start() until stop().
class ClockPolicies {
public:
    static constexpr std::chrono::seconds interval{1};
    static constexpr std::size_t due_per_look_max = 1'000;  // of one shard and kind; the rest waits a second

    ClockPolicies(Shards& shards, const Clock& clock) : shards_(shards), clock_(clock) {}
    ~ClockPolicies() { stop(); }

    void start();
    // Ends the look under way. The shards must still be writing.
    void stop();

    // One look at everything that is due.
    boost::asio::awaitable<void> look();

private:
    boost::asio::awaitable<void> run();
    boost::asio::awaitable<void> expire_check_ins(Shard& shard);
    boost::asio::awaitable<void> end_gatherings(Shard& shard);

    Shards& shards_;
    const Clock& clock_;
    std::atomic<bool> stopping_{false};
    boost::asio::io_context context_{1};
    boost::asio::steady_timer timer_{context_};
    std::thread thread_;
};

}  // namespace dacapo
