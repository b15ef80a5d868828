#include "tests/campaign/campaign.hpp"

#include "infra/kafka/kafka_log.hpp"
#include "infra/sql/session.hpp"
#include "tests/crash/read_model_check.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <thread>

namespace dacapo::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds settle_patience{60};
constexpr std::chrono::milliseconds look_again{100};
constexpr int listener_count = 6;

void say(const std::string& what) {
    fmt::print("{}\n", what);
    std::fflush(stdout);
}

template <class Holds>
bool soon(Holds&& holds) {
    const auto deadline = Clock::now() + settle_patience;
    while (!holds()) {
        if (Clock::now() > deadline) return false;
        std::this_thread::sleep_for(look_again);
    }
    return true;
}

std::unique_ptr<KafkaLog> open_log(const KafkaUrl& url) {
    KafkaLogOptions options;
    options.url = url;
    return open_kafka_log(options);
}

}  // namespace

ClusterCampaign::ClusterCampaign(const ClusterCampaignOptions& options, const std::filesystem::path& folder)
    : options_(options),
      cluster_(options.program, folder, options.broker_count),
      load_(options.client_count, options.seed),
      chaos_(cluster_, load_.town.availability, options.seed, [this](const std::string& kind) {
          say(fmt::format("{:5} acknowledged  {}", load_.town.acknowledged.load(), kind));
      }) {
    load_.town.late_arrivals = true;
}

std::string ClusterCampaign::run() {
    begin();
    try {
        chaos_.run(ChaosAmounts::around(options_.kills, options_.broker_count),
                   Clock::now() + std::chrono::minutes(options_.minutes));
    } catch (const std::runtime_error& error) {
        fault(std::string(error.what()) + '\n');
    }
    quiesce();
    check();
    summarize();
    return faults_;
}

void ClusterCampaign::begin() {
    load_.enrol(cluster_.port());
    for (int i = 0; i < std::min(listener_count, options_.client_count); ++i) {
        const auto& client = *load_.clients[static_cast<std::size_t>(i)];
        listeners_.push_back(std::make_unique<Listener>(cluster_.port(), client.id(), client.token()));
    }
    const auto connected = [this] {
        return std::ranges::all_of(listeners_,
                                   [](const auto& one) { return one->memory().counts().connections > 0; });
    };
    if (!soon(connected)) fault("not every listener was connected\n");
    load_.start_outlasting(cluster_.port(), options_.pace);
}

// Everything is there again, nobody writes, and whoever follows the log has come to its end.
void ClusterCampaign::quiesce() {
    load_.stop();
    if (!soon([this] { return cluster_.is_whole(); })) fault("not every part is ready again\n");
    load_.repeat_unknown(cluster_.port());
    if (!await_passed(cluster_.port())) fault("the tables do not reach the end of the log\n");
}

void ClusterCampaign::check() {
    const auto log = open_log(cluster_.log());
    audit_.read(*log);
    for (const auto& client : load_.clients) lost_ += audit_.check(client->ledger());
    fault(audit_.fault_text() + load_.town.complaint_text());
    check_listeners(log->start());
    fault(shown_differences(cluster_.port(), load_, audit_));
    {
        sql::Session session(cluster_.database_url(), sql::Use::write);
        session.script("CREATE SCHEMA anew");
    }
    fault(table_differences(*log, cluster_.database_url(),
                            cluster_.database_url() + "?options=-csearch_path%3Danew"));
}

// What was recorded last may still be on its way to them.
void ClusterCampaign::check_listeners(const Frontier& log_start) {
    const auto all = [&] {
        std::string text;
        for (const auto& one : listeners_) text += one->memory().faults(one->user(), audit_, log_start);
        return text;
    };
    soon([&] { return all().empty(); });
    fault(all());
}

void ClusterCampaign::summarize() const {
    std::int64_t acknowledged = 0, refused = 0, unknown = 0;
    for (const auto& client : load_.clients) {
        for (const auto& command : client->ledger()) {
            acknowledged += command.outcome == Outcome::acknowledged ? 1 : 0;
            refused += command.outcome == Outcome::refused ? 1 : 0;
            unknown += command.outcome == Outcome::unknown ? 1 : 0;
        }
    }
    FeedMemory::Counts feeds;
    for (const auto& one : listeners_) {
        const auto counts = one->memory().counts();
        feeds.frames += counts.frames;
        feeds.connections += counts.connections;
        feeds.resumed += counts.resumed;
    }
    say(fmt::format("\n{} servers killed. Commands: {} acknowledged, {} lost, {} refused, {} unknown.",
                    chaos_.kills(), acknowledged, lost_, refused, unknown));
    say(fmt::format("{} feeds: {} frames over {} connections, {} of them resumed.\n", listeners_.size(),
                    feeds.frames, feeds.connections, feeds.resumed));
    say(fmt::format("{:40} {:>5}  {:>22}  {:>8}  {:>14}", "fault", "times", "a shard stands still: worst",
                    "mean", "all of them"));
    for (const auto& [kind, figures] : chaos_.figures())
        say(fmt::format("{:40} {:5}  {:24.1f} s  {:6.1f} s  {:12.1f} s", kind, figures.count,
                        figures.worst_of_a_shard.count(), figures.sum_of_a_shard.count() / figures.count,
                        figures.worst_anywhere.count()));
}

}  // namespace dacapo::test
