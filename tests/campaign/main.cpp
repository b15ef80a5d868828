// The program behind `./dev campaign`. Exit code 0: nothing acknowledged was lost, nothing came twice.
#include "tests/campaign/campaign.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <cstdlib>

namespace {

using namespace dacapo;
using namespace dacapo::test;

std::uint64_t seed_of_the_clock() {
    return static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count()) %
           1'000'000;
}

// What the servers of the cluster inherit: cheap passwords, no limit on what one client may do.
void set_environment() {
    for (const auto& [name, value] :
         {std::pair("PASSWORD_COST", "4"), {"RATE_LIMIT", "off"}, {"THREADS", "2"}, {"LOG_LEVEL", "warn"}})
        ::setenv(name, value, 1);
}

int run(const ClusterCampaignOptions& options) {
    const TemporaryFolder folder;
    // PostgreSQL's own user has to pass.
    std::filesystem::permissions(folder.path(), std::filesystem::perms(0755));
    fmt::print("campaign, seed {}: {} kills, {} brokers\n", options.seed, options.kills,
               options.broker_count);
    std::fflush(stdout);
    ClusterCampaign campaign(options, folder.path());
    const auto faults = campaign.run();
    if (faults.empty()) {
        fmt::print("\nNothing is wrong.\n");
        return 0;
    }
    fmt::print("\nseed {}:\n{}", options.seed, faults);
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("Kills the parts of a cluster under load and checks what became of every command");
    ClusterCampaignOptions options;
    options.program = DACAPO_PROGRAM;
    options.seed = seed_of_the_clock();
    app.add_option("--kills", options.kills, "of servers; the other faults follow from it")
        ->check(CLI::Range(1, 100'000));
    app.add_option("--seed", options.seed, "of an earlier campaign, to play it again");
    app.add_option("--minutes", options.minutes, "no new fault after that")->check(CLI::Range(1, 10'000));
    app.add_option("--brokers", options.broker_count)->check(CLI::IsMember({1, 3}));
    app.add_option("--clients", options.client_count)->check(CLI::Range(2, 256));
    CLI11_PARSE(app, argc, argv);
    set_environment();
    try {
        return run(options);
    } catch (const std::exception& error) {
        fmt::print(stderr, "campaign: {}\n", error.what());
        return 1;
    }
}
