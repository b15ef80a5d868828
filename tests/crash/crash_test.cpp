// The promise that everything rests on: what was acknowledged is in the log exactly once, whenever the
// process dies.
#include "tests/crash/campaign.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace dacapo::test {
namespace {

TEST_CASE("no acknowledged command is lost or doubled by kill -9") {
    const TemporaryFolder folder;
    CampaignOptions options;
    options.program = real_program();
    options.rounds = campaign_rounds(30);
    options.seed = campaign_seed();
    options.graceful_stop_every = 10;
    const auto began = std::chrono::steady_clock::now();
    fmt::print("crash test, seed {}\n", options.seed);
    std::fflush(stdout);
    const auto result = run_campaign(options, folder.path());
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    fmt::print("crash test: {} kills, {} commands acknowledged, {} unknown, {} lost, {:.0f} s\n",
               result.kills, result.acknowledged, result.unknown, result.lost, took.count());
    CHECK_MESSAGE(result.refusal.empty(), result.refusal);
    CHECK_MESSAGE(result.faults.empty(), result.faults);
    CHECK(result.kills == options.rounds);
    CHECK(result.lost == 0);
    // A load that does nothing would find nothing.
    CHECK(result.acknowledged > 100 * options.rounds);
}

}  // namespace
}  // namespace dacapo::test
