// The crash test's own test: programs that break the promise on purpose must be caught by the same campaign.
#include "infra/log/event_log.hpp"
#include "tests/crash/campaign.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace dacapo::test {
namespace {

constexpr int rounds_to_be_caught = 120;

CampaignOptions quick_campaign(const std::string& program, std::vector<std::string> arguments) {
    CampaignOptions options;
    options.program = test_program(program);
    options.arguments = std::move(arguments);
    options.seed = campaign_seed();
    options.kill_after_min = std::chrono::milliseconds(150);
    options.kill_after_max = std::chrono::milliseconds(500);
    options.stop_at_loss = true;
    return options;
}

TEST_CASE("a program that answers before it writes is caught by kill -9") {
    const TemporaryFolder folder;
    auto options = quick_campaign("answers_before_write_program", {});
    options.rounds = rounds_to_be_caught;
    options.client_count = 64;
    options.kill_after_min = std::chrono::milliseconds(50);
    options.kill_after_max = std::chrono::milliseconds(200);
    options.pace = std::chrono::microseconds(0);
    const auto result = run_campaign(options, folder.path());
    fmt::print("answers before the write: {} lost of {} acknowledged, caught at kill {}\n", result.lost,
               result.acknowledged, result.kills);
    CHECK_MESSAGE(result.lost > 0, result.faults);
}

TEST_CASE("a program that answers before the sync is caught on a disk that forgets what was not synced") {
    const TemporaryFolder folder;
    auto options = quick_campaign("forgetful_program", {"unsynced"});
    const auto output = folder / "output.txt";

    SUBCASE("by the server itself as log.head tells of records that are gone") {
        options.rounds = 2;
        options.stop_at_loss = false;
        const auto result = run_campaign(options, folder.path());
        CHECK(result.kills == 1);
        CHECK_MESSAGE(result.refusal.find("log.head says") != std::string::npos, result.refusal);
        Process again(
            options.program,
            [&] {
                auto arguments = options.arguments;
                for (auto& flag : server_flags(folder.path())) arguments.push_back(flag);
                return arguments;
            }(),
            output);
        CHECK(again.await_exit(start_patience) == 2);
    }
    SUBCASE("by the checker that finds acknowledged commands missing") {
        options.rounds = 1;
        const auto result = run_campaign(options, folder.path());
        fmt::print("answers before the sync: {} lost of {} acknowledged\n", result.lost, result.acknowledged);
        CHECK_MESSAGE(result.lost > 0, result.faults);

        // Without what refuses the start, the server would go on as if nothing had been lost.
        for (const char* file : {"log.head", "read.db", "read.db-wal", "read.db-shm"})
            std::filesystem::remove(folder / file);
        auto arguments = options.arguments;
        for (auto& flag : server_flags(folder.path())) arguments.push_back(flag);
        Process again(options.program, arguments, output);
        const auto port = again.await_port();
        const auto health = HttpClient(port).request("GET", "/health");
        CHECK(health.status == 200);
        again.kill();
    }
}

TEST_CASE("the same program that answers after the sync loses nothing on that disk") {
    const TemporaryFolder folder;
    auto options = quick_campaign("forgetful_program", {"synced"});
    options.rounds = 5;
    const auto result = run_campaign(options, folder.path());
    fmt::print("answers after the sync: {} lost of {} acknowledged, {} kills\n", result.lost,
               result.acknowledged, result.kills);
    CHECK_MESSAGE(result.refusal.empty(), result.refusal);
    CHECK_MESSAGE(result.faults.empty(), result.faults);
    CHECK(result.kills == 5);
    CHECK(result.lost == 0);
    CHECK(result.acknowledged > 100);
}

}  // namespace
}  // namespace dacapo::test
