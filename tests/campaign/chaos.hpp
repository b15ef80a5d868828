// Which part fails, when and for how long: decided by a seed, so that a campaign can be played again.
#pragma once

#include "tests/campaign/cluster.hpp"
#include "tests/crash/availability.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace dacapo::test {

struct ChaosAmounts {
    int kills = 100;  // of servers, evenly of each role
    int stops = 10;   // SIGSTOP of a command server beyond its session
    int brokers = 10;
    int two_brokers = 4;
    int all_brokers = 4;
    int postgres_crashes = 10;
    int terminations = 10;

    // What belongs to so many kills of servers; on one broker, no kills of two.
    static ChaosAmounts around(int kills, int broker_count);
};

// Of one kind of fault.
struct ChaosFigures {
    int count = 0;
    std::chrono::duration<double> worst_of_a_shard{};
    std::chrono::duration<double> sum_of_a_shard{};
    std::chrono::duration<double> worst_anywhere{};
};

class Chaos {
public:
    // `say` is told of each fault as it begins.
    Chaos(Cluster& cluster, Availability& availability, std::uint64_t seed,
          std::function<void(const std::string&)> say);

    // Fault after fault, each healed before the next, until all have been or the time is over. Throws when
    // one does not heal.
    void run(const ChaosAmounts& amounts, std::chrono::steady_clock::time_point end);

    const std::map<std::string, ChaosFigures>& figures() const { return figures_; }
    int kills() const { return kills_; }

private:
    struct Fault {
        std::string kind;
        std::function<void()> inflict;  // returns when it is mended
    };
    std::vector<Fault> schedule(const ChaosAmounts& amounts);
    void add(std::vector<Fault>& faults, int count, const std::string& kind,
             const std::function<void()>& inflict);
    void kill(const std::string& part);
    void stop_owner();
    void kill_brokers(int count);
    void inflict(const Fault& fault);
    void await_healed(const std::string& kind);
    void rest(std::chrono::milliseconds longest);

    Cluster& cluster_;
    Availability& availability_;
    std::mt19937_64 random_;
    const std::function<void(const std::string&)> say_;
    std::map<std::string, ChaosFigures> figures_;
    int kills_ = 0;
};

}  // namespace dacapo::test
