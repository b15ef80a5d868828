#include "tests/campaign/chaos.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <future>
#include <stdexcept>
#include <thread>

namespace dacapo::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

constexpr milliseconds beyond_a_session{9'000};  // which lasts 6 s
constexpr milliseconds broker_away{5'000};       // is counted as lost after 4 s
constexpr milliseconds down_longest{1'500};
constexpr milliseconds pause_longest{700};
constexpr seconds heal_patience{60};
constexpr milliseconds look_again{10};

}  // namespace

ChaosAmounts ChaosAmounts::around(int kills, int broker_count) {
    ChaosAmounts amounts;
    amounts.kills = kills;
    amounts.stops = kills / 10;
    amounts.brokers = (kills + 5) / 10;
    amounts.two_brokers = broker_count > 1 ? kills / 25 : 0;
    amounts.all_brokers = broker_count > 1 ? kills / 25 : 0;
    amounts.postgres_crashes = (kills + 5) / 10;
    amounts.terminations = (kills + 5) / 10;
    return amounts;
}

Chaos::Chaos(Cluster& cluster, Availability& availability, std::uint64_t seed,
             std::function<void(const std::string&)> say)
    : cluster_(cluster), availability_(availability), random_(seed), say_(std::move(say)) {}

void Chaos::run(const ChaosAmounts& amounts, Clock::time_point end) {
    for (const auto& fault : schedule(amounts)) {
        if (Clock::now() >= end) return;
        inflict(fault);
    }
}

std::vector<Chaos::Fault> Chaos::schedule(const ChaosAmounts& amounts) {
    std::vector<Fault> faults;
    const std::vector<std::string> servers{"command-1", "project-1", "query-1",
                                           "command-2", "project-2", "query-2"};
    for (int i = 0; i < amounts.kills; ++i) {
        const auto& part = servers[static_cast<std::size_t>(i) % servers.size()];
        faults.push_back(
            {"kill -9 of a " + part.substr(0, part.find('-')) + " server", [this, part] { kill(part); }});
    }
    add(faults, amounts.stops, "SIGSTOP of a command server for 9 s", [this] { stop_owner(); });
    add(faults, amounts.brokers, "kill -9 of a broker", [this] { kill_brokers(1); });
    add(faults, amounts.two_brokers, "kill -9 of two brokers of three", [this] { kill_brokers(2); });
    add(faults, amounts.all_brokers, "kill -9 of all brokers",
        [this] { kill_brokers(cluster_.broker_count()); });
    add(faults, amounts.postgres_crashes, "PostgreSQL stop -m immediate", [this] {
        cluster_.crash_postgres();
        rest(down_longest);
        cluster_.start_postgres();
    });
    add(faults, amounts.terminations, "pg_terminate_backend of all",
        [this] { cluster_.terminate_backends(); });
    std::ranges::shuffle(faults, random_);
    return faults;
}

void Chaos::add(std::vector<Fault>& faults, int count, const std::string& kind,
                const std::function<void()>& inflict) {
    for (int i = 0; i < count; ++i) faults.push_back({kind, inflict});
}

void Chaos::kill(const std::string& part) {
    ++kills_;
    cluster_.kill(part);
    rest(down_longest);
    cluster_.restart(part);
}

void Chaos::stop_owner() {
    const auto* part = random_() % 2 == 0 ? "command-1" : "command-2";
    cluster_.signal(part, "STOP");
    std::this_thread::sleep_for(beyond_a_session);
    cluster_.signal(part, "CONT");
}

// Each leads a share of the partitions, so any is the leader of some.
void Chaos::kill_brokers(int count) {
    std::vector<int> brokers;
    for (int i = 1; i <= cluster_.broker_count(); ++i) brokers.push_back(i);
    std::ranges::shuffle(brokers, random_);
    brokers.resize(static_cast<std::size_t>(count));
    for (const int broker : brokers) cluster_.kill_broker(broker);
    std::this_thread::sleep_for(broker_away);
    // Together: two of three must be there before one of them has somebody to elect it.
    std::vector<std::future<void>> reviving;
    for (const int broker : brokers)
        reviving.push_back(
            std::async(std::launch::async, [this, broker] { cluster_.revive_broker(broker); }));
    for (auto& one : reviving) one.get();
}

void Chaos::inflict(const Fault& fault) {
    say_(fault.kind);
    rest(pause_longest);
    availability_.begin();
    fault.inflict();
    await_healed(fault.kind);
    const auto gaps = availability_.gaps();
    auto& figures = figures_[fault.kind];
    ++figures.count;
    const std::chrono::duration<double> of_a_shard = gaps.of_a_shard;
    figures.worst_of_a_shard = std::max(figures.worst_of_a_shard, of_a_shard);
    figures.sum_of_a_shard += of_a_shard;
    figures.worst_anywhere = std::max<std::chrono::duration<double>>(figures.worst_anywhere, gaps.anywhere);
}

void Chaos::await_healed(const std::string& kind) {
    const auto mended = Clock::now();
    while (!availability_.every_shard_since(mended)) {
        if (Clock::now() > mended + heal_patience)
            throw std::runtime_error(fmt::format("{}: a shard accepts nothing {} s after everything was back",
                                                 kind, heal_patience.count()));
        std::this_thread::sleep_for(look_again);
    }
}

void Chaos::rest(std::chrono::milliseconds longest) {
    std::this_thread::sleep_for(milliseconds(random_() % static_cast<std::uint64_t>(longest.count())));
}

}  // namespace dacapo::test
