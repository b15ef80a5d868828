// When each shard has last accepted a command, and for how long one has accepted none.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <mutex>

namespace dacapo::test {

class Availability {
public:
    using Clock = std::chrono::steady_clock;

    // Any thread.
    void accepted(int shard) {
        const auto now = Clock::now();
        const std::lock_guard lock(mutex_);
        worst_anywhere_ = std::max(worst_anywhere_, now - newest_);
        newest_ = now;
        auto& last = last_.at(static_cast<std::size_t>(shard));
        worst_of_a_shard_ = std::max(worst_of_a_shard_, now - last);
        last = now;
    }
    // What was before no longer counts.
    void begin() {
        const std::lock_guard lock(mutex_);
        began_ = newest_ = Clock::now();
        last_.fill(began_);
        worst_of_a_shard_ = worst_anywhere_ = {};
    }
    struct Gaps {
        Clock::duration of_a_shard;  // the longest in which one of the shards accepted nothing
        Clock::duration anywhere;    // the longest in which none of them did
    };
    // Since begin().
    Gaps gaps() const {
        const auto now = Clock::now();
        const std::lock_guard lock(mutex_);
        const auto open = now - *std::ranges::min_element(last_);
        return {std::max(worst_of_a_shard_, open), std::max(worst_anywhere_, now - newest_)};
    }
    bool every_shard_since(Clock::time_point time) const {
        const std::lock_guard lock(mutex_);
        return std::ranges::all_of(last_, [time](auto last) { return last > time; });
    }

private:
    mutable std::mutex mutex_;
    Clock::time_point began_{};
    Clock::time_point newest_{};
    std::array<Clock::time_point, 16> last_{};
    Clock::duration worst_of_a_shard_{};
    Clock::duration worst_anywhere_{};
};

}  // namespace dacapo::test
