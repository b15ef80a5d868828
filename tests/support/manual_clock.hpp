// A clock that stands still until a test moves it.
// It starts at a fixed, recognisable instant, so that expected texts can be written down.
#pragma once

#include "infra/clock.hpp"

#include <atomic>

namespace dacapo::testing {

class ManualClock final : public Clock {
public:
    // 2024-03-14T12:00:00Z
    static constexpr Timestamp noon{std::chrono::milliseconds{1'710'417'600'000}};

    explicit ManualClock(Timestamp start = noon) : now_ms_(start.time_since_epoch().count()) {}

    Timestamp now() const override { return Timestamp{std::chrono::milliseconds{now_ms_.load()}}; }
    void set(Timestamp time) { now_ms_ = time.time_since_epoch().count(); }
    void advance(std::chrono::milliseconds step) { now_ms_ += step.count(); }

private:
    std::atomic<std::int64_t> now_ms_;
};

}  // namespace dacapo::testing
