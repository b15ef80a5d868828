// Notices guessing that no single account or address gives away: failures of the whole server together, and
// what may be tried while they are too many. Without I/O, like login_throttle.hpp. It never closes the door.
// It leaves newcomers a fixed share of the time in which passwords can be checked, so that the rest is there
// for people who have logged in from where they are before.
#pragma once

#include "events/fields.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace dacapo {

class LoginSpray {
public:
    // Each for every thread that checks passwords, which at cost 12 checks 330 a minute.
    static constexpr std::int64_t failures_per_minute_max = 100;
    static constexpr std::int64_t newcomers_per_second_max = 2;

    explicit LoginSpray(std::size_t hash_threads = 1)
        : failures_max_(failures_per_minute_max * static_cast<std::int64_t>(hash_threads)),
          newcomers_max_(newcomers_per_second_max * static_cast<std::int64_t>(hash_threads)) {}

    // More failures than run off: so many a minute. At most as many again are remembered, so that it is over
    // within a minute of the last of them.
    bool is_under_way(Timestamp now) const { return level(now) > failures_max_; }
    void failed(Timestamp now);
    // Takes one of this second's places for newcomers.
    bool take_place(Timestamp now);

    std::int64_t level(Timestamp now) const;
    Timestamp last() const { return last_; }
    // As level() and last() gave it.
    void restore(std::int64_t level, Timestamp last);

private:
    const std::int64_t failures_max_;
    const std::int64_t newcomers_max_;
    const std::chrono::milliseconds run_off_ = std::max(
        std::chrono::milliseconds(1), std::chrono::milliseconds(std::chrono::minutes(1)) / failures_max_);
    std::int64_t level_ = 0;  // at last_
    Timestamp last_;
    std::chrono::sys_seconds second_;
    std::int64_t taken_ = 0;  // in second_
};

}  // namespace dacapo
