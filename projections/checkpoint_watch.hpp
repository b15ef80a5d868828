// How far the projectors of other processes have come, for a server that decides and projects nothing: it
// slows its clients down when the read models fall behind, as a server that does both would.
#pragma once

#include "infra/clock.hpp"
#include "infra/log/event_log.hpp"
#include "infra/sql/session.hpp"
#include "projections/gauges.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace dacapo {

struct CheckpointWatchOptions {
    std::string database_url;
    // Whose lag counts: with each server watching what it decides itself, all of them together admit what the
    // projectors take.
    std::function<std::vector<int>()> shards;
    std::chrono::milliseconds interval{250};
    // What went wrong, once until it is well again. The database may be away for as long as it likes.
    std::function<void(std::string_view)> trouble = [](std::string_view) {};
};

class CheckpointWatch {
public:
    CheckpointWatch(const EventLog& log, const Clock& clock, CheckpointWatchOptions options);
    ~CheckpointWatch() { stop(); }
    CheckpointWatch(const CheckpointWatch&) = delete;
    CheckpointWatch& operator=(const CheckpointWatch&) = delete;

    void start();
    void stop();
    // One look, which start() repeats on a thread. Throws nothing.
    void look();

    const RunnerGauges& gauges() const { return gauges_; }

private:
    struct Sample {
        Timestamp time;
        Frontier head;
    };

    // Nothing while the database does not answer or has no tables yet.
    std::optional<Frontier> passed();
    void measure_rate(const std::vector<int>& shards, const Frontier& passed, Timestamp now);
    void measure_lag(const std::vector<int>& shards, Timestamp now);

    const EventLog& log_;
    const Clock& clock_;
    const CheckpointWatchOptions options_;
    RunnerGauges gauges_;
    std::optional<sql::Session> session_;
    bool in_trouble_ = false;
    Frontier passed_;
    std::optional<Timestamp> passed_at_;
    std::deque<Sample> heads_;  // that the tables have not passed yet, oldest first

    std::mutex mutex_;
    std::condition_variable wake_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace dacapo
