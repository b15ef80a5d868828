// Rounds of load, kill -9 and restart on one folder, checked from outside after each kill and thoroughly at
// the end. The tests that must pass and those that must be caught run the very same campaign.
#pragma once

#include "tests/crash/load.hpp"
#include "tests/crash/log_audit.hpp"
#include "tests/crash/process.hpp"

namespace dacapo::test {

struct CampaignOptions {
    std::filesystem::path program;
    std::vector<std::string> arguments{"serve"};  // before the flags
    int rounds = 30;
    int client_count = 16;
    std::uint64_t seed = 1;
    std::chrono::microseconds pace{4'000};  // between two commands of a client
    std::chrono::milliseconds kill_after_min{50};
    std::chrono::milliseconds kill_after_max{1'500};
    int graceful_stop_every = 0;  // so many rounds, so that snapshots are made and used as well
    bool stop_at_loss = false;
};

struct CampaignResult {
    int kills = 0;
    std::int64_t acknowledged = 0;
    std::int64_t unknown = 0;
    std::int64_t lost = 0;
    std::string faults;   // of the log, of what clients remember, of answers
    std::string refusal;  // why the program did not start again
};

CampaignResult run_campaign(const CampaignOptions& options, const std::filesystem::path& folder);

// From DACAPO_CRASH_SEED, else from the clock; printed, so that a failure can be played again.
std::uint64_t campaign_seed();
// DACAPO_CRASH_ROUNDS, else the default.
int campaign_rounds(int rounds);

}  // namespace dacapo::test
