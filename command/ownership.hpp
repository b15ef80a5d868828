// Which shards of a shared log this process decides: it takes those that the group has given to it, gives
// back those that it has lost, and steps down when the log says that somebody else has taken one. The group's
// word is only a hint. A shard is ours when the log has shown our term (SharedLog::take), and a record counts
// when the log has shown it back; so nothing here can make two owners, only none.
#pragma once

#include "command/shards.hpp"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace dacapo {

struct OwnershipOptions {
    // Tells the others that this shard is decided here, under this term.
    std::function<void(int shard, std::int64_t term)> announce = [](int, std::int64_t) {};
    std::function<void(const std::string& what)> on_warning = [](const std::string&) {};
    std::chrono::milliseconds drain_patience{
        10'000};  // for what has been decided, when a shard is given back
    std::chrono::milliseconds follow_patience{10'000};  // for what was written before it was taken
    std::chrono::milliseconds retry_pause{250};         // after a taking that failed; doubles up to
    std::chrono::milliseconds retry_pause_max{4'000};
};

class Ownership {
public:
    Ownership(SharedLog& log, Shards& shards, OwnershipOptions options);
    ~Ownership() { stop(); }
    Ownership(const Ownership&) = delete;
    Ownership& operator=(const Ownership&) = delete;

    void start();
    // Gives everything back. Idempotent.
    void stop();

    // The whole of what the group has given to this process. Any thread. Losing a shard drains it.
    void assign(std::vector<int> shards);

    // Decided here at this moment.
    std::vector<int> owned() const;
    // The group has spoken, and everything that it assigned is decided here.
    bool is_settled() const;

private:
    using Clock = std::chrono::steady_clock;
    struct Place {
        bool wanted = false;
        bool owned = false;
        int losses = 0;  // counted, so that a loss while it is being taken is not overlooked
        Clock::time_point not_before{};
        std::chrono::milliseconds pause{0};
        Clock::time_point deposed_at{};  // last
    };

    void run();
    void deposed(int shard);
    void stepped_down(int shard);
    void lose(int shard);
    void take(int shard);
    void give_back(int shard);
    std::set<int> due(bool wanted) const;

    SharedLog& log_;
    Shards& shards_;
    const OwnershipOptions options_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::map<int, Place> places_;
    std::minstd_rand jitter_;
    bool assigned_ = false;  // once
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace dacapo
