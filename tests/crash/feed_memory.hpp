// What somebody has been told by a feed, over all connections that they have had; held against the log at the
// end: every message to them exactly once, but for those between a connection that could not go on where the
// one before it had ended and that one.
#pragma once

#include "api/position_token.hpp"
#include "tests/crash/log_audit.hpp"

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace dacapo::test {

class FeedMemory {
public:
    struct Counts {
        std::int64_t frames = 0;
        std::int64_t connections = 0;
        std::int64_t resumed = 0;  // of those, from where the one before had ended
    };

    // A frame as it came. Any thread, like all here. Throws when it is none.
    void take(std::string_view frame);
    // The position to go on from; empty before the first frame.
    std::string newest() const;
    Counts counts() const;
    // What should have been told to this user and was not, was told twice, or is in no log; one a line.
    std::string faults(UserId user, const LogAudit& audit, const Frontier& log_start) const;

private:
    // Connections that each went on where the one before it had ended.
    struct Stretch {
        api::PositionToken from;  // of its first `initial`
        api::PositionToken sure;  // everything up to here has been told
        api::PositionToken newest;
        std::vector<std::int64_t> messages;
    };

    bool is_due(LogAudit::Place place, const Frontier& log_start) const;
    void begin(bool resumed, const api::PositionToken& position);

    mutable std::mutex mutex_;
    Counts counts_;
    std::vector<Stretch> stretches_;
};

}  // namespace dacapo::test
