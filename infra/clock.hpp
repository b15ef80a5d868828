// The one source of the present. Everything that depends on the time is given a Clock, so that tests choose
// it. No other file calls system_clock::now(); durations are measured with steady_clock.
#pragma once

#include "events/ids.hpp"

namespace dacapo {

class Clock {
public:
    virtual ~Clock() = default;
    // UTC, to the millisecond. May step backwards when the machine's clock is set. Any thread.
    virtual Timestamp now() const = 0;
};

class SystemClock final : public Clock {
public:
    Timestamp now() const override;
};

}  // namespace dacapo
