#include "tests/crash/campaign.hpp"

#include "tests/crash/read_model_check.hpp"

#include <fmt/format.h>
#include <csignal>
#include <cstdlib>

namespace dacapo::test {
namespace {

// What it takes to write everything down, from a busy machine.
constexpr std::chrono::seconds stop_patience{10};

class Campaign {
public:
    Campaign(const CampaignOptions& options, std::filesystem::path folder)
        : options_(options),
          folder_(std::move(folder)),
          random_(options.seed),
          load_(options.client_count, options.seed) {}

    CampaignResult run() {
        for (int round = 1; round <= options_.rounds; ++round) {
            if (!start()) return result();
            if (round == 1)
                load_.enrol(port_);
            else
                check_started();
            load_under_kill();
            check_log();
            if (options_.stop_at_loss && result_.lost > 0) return result();
            if (options_.graceful_stop_every > 0 && round % options_.graceful_stop_every == 0)
                stop_gracefully();
        }
        finish();
        return result();
    }

private:
    std::vector<std::string> arguments() const {
        auto all = options_.arguments;
        for (auto& flag : server_flags(folder_)) all.push_back(flag);
        return all;
    }

    bool start() {
        process_ = std::make_unique<Process>(options_.program, arguments(), folder_ / "output.txt");
        try {
            port_ = process_->await_port();
            return true;
        } catch (const std::runtime_error& refusal) {
            result_.refusal = refusal.what();
            return false;
        }
    }

    void check_started() {
        load_.repeat_unknown(port_);
        audit_.read(folder_ / "log.db");
        note(newest_differences(port_, load_, audit_));
    }

    void load_under_kill() {
        const auto range =
            static_cast<std::uint64_t>((options_.kill_after_max - options_.kill_after_min).count());
        const std::chrono::milliseconds until_kill =
            options_.kill_after_min + std::chrono::milliseconds(random_() % (range + 1));
        load_.start(port_, options_.pace);
        std::this_thread::sleep_for(until_kill);  // The fault itself: a moment that nobody chose.
        process_->kill();
        ++result_.kills;
        load_.stop();
    }

    // The log alone is cheap to check: only what is new is read.
    void check_log() {
        result_.lost = 0;
        try {
            audit_.read(folder_ / "log.db");
        } catch (const LogRefused& refused) {
            note(std::string(refused.what()) + "\n");
        }
        for (const auto& client : load_.clients) result_.lost += audit_.check(client->ledger());
    }

    void stop_gracefully() {
        if (!start()) return;
        process_->send_signal(SIGTERM);
        const auto code = process_->await_exit(stop_patience);
        if (code != 0) note(fmt::format("SIGTERM: exit code {}\n", code.value_or(-1)));
    }

    void finish() {
        if (!start()) return;
        check_started();
        note(shown_differences(port_, load_, audit_));
        if (!await_passed(port_)) note("the tables do not reach the end of the log\n");
        process_->send_signal(SIGTERM);
        const auto code = process_->await_exit(stop_patience);
        if (code != 0) note(fmt::format("SIGTERM: exit code {}\n", code.value_or(-1)));
        check_log();
        note(table_differences(folder_ / "log.db", folder_ / "read.db"));
    }

    void note(const std::string& what) { result_.faults += what; }

    CampaignResult result() {
        for (const auto& client : load_.clients) {
            for (const auto& command : client->ledger()) {
                result_.acknowledged += command.outcome == Outcome::acknowledged ? 1 : 0;
                result_.unknown += command.outcome == Outcome::unknown ? 1 : 0;
            }
        }
        result_.faults += audit_.fault_text() + load_.town.complaint_text();
        return result_;
    }

    const CampaignOptions options_;
    const std::filesystem::path folder_;
    std::mt19937_64 random_;
    Load load_;
    LogAudit audit_;
    std::unique_ptr<Process> process_;
    std::uint16_t port_ = 0;
    CampaignResult result_;
};

}  // namespace

CampaignResult run_campaign(const CampaignOptions& options, const std::filesystem::path& folder) {
    return Campaign(options, folder).run();
}

std::uint64_t campaign_seed() {
    const char* given = std::getenv("DACAPO_CRASH_SEED");
    if (given) return std::stoull(given);
    return static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count()) %
           1'000'000;
}

int campaign_rounds(int rounds) {
    const char* given = std::getenv("DACAPO_CRASH_ROUNDS");
    return given ? std::stoi(given) : rounds;
}

}  // namespace dacapo::test
