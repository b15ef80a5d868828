// Tells of the records that count for nobody: each is counted, and the first of a kind in a minute is warned
// of with its place, so that an operator can look at it without a log full of them.
#pragma once

#include "infra/metrics.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace dacapo::kafka {

// By one thread.
class VoidRecords {
public:
    using Clock = std::chrono::steady_clock;

    VoidRecords(Metrics& metrics, std::function<void(const std::string& what)> warn)
        : metrics_(metrics), warn_(std::move(warn)) {}

    // `reason` is a literal.
    void note(int shard, std::int64_t offset, std::string_view reason, Clock::time_point now = Clock::now());

private:
    struct Told {
        Clock::time_point at;
        std::int64_t since = 0;  // that were not told
    };

    Metrics& metrics_;
    const std::function<void(const std::string&)> warn_;
    std::map<std::string_view, Told> told_;
};

}  // namespace dacapo::kafka
