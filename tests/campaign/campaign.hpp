// Clients and listeners that remember everything, before a cluster whose parts are killed one after the
// other; then what they remember is held against the log, the tables and each other.
#pragma once

#include "tests/campaign/chaos.hpp"
#include "tests/campaign/listener.hpp"
#include "tests/crash/load.hpp"

#include <filesystem>
#include <memory>

namespace dacapo::test {

struct ClusterCampaignOptions {
    std::filesystem::path program;
    int kills = 100;
    int broker_count = 3;
    int minutes = 60;  // no new fault after that
    int client_count = 16;
    std::uint64_t seed = 1;
    std::chrono::microseconds pace{40'000};  // between two commands of a client
};

class ClusterCampaign {
public:
    // Starts the cluster. Everything lies in this folder.
    ClusterCampaign(const ClusterCampaignOptions& options, const std::filesystem::path& folder);

    // Prints as it goes, and a summary. Gives what is wrong, one a line; empty when nothing is.
    std::string run();
    void keep_cluster() { cluster_.keep(); }

private:
    void begin();
    void quiesce();
    void check();
    void check_listeners(const Frontier& log_start);
    void summarize() const;
    void fault(const std::string& what) { faults_ += what; }

    const ClusterCampaignOptions options_;
    Cluster cluster_;
    Load load_;
    Chaos chaos_;
    std::vector<std::unique_ptr<Listener>> listeners_;
    LogAudit audit_;
    std::int64_t lost_ = 0;
    std::string faults_;
};

}  // namespace dacapo::test
