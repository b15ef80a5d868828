// How far behind the read models are and how fast they go, readable by any thread without a lock.
// And the admission that keeps them from falling further: past two seconds of lag, commands come in at their
// rate.
#pragma once

#include "infra/admission.hpp"
#include "infra/clock.hpp"
#include "infra/log/event_log.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>

namespace dacapo {

class RunnerGauges {
public:
    RunnerGauges(const EventLog& log, const Clock& clock) : log_(log), clock_(clock) {}

    std::int64_t lag_records() const;
    // The age of the oldest record not yet passed; zero when idle.
    std::chrono::milliseconds lag() const;
    // While there was work, smoothed over about a second; zero before the first batch.
    double events_per_second() const { return events_per_second_.load(std::memory_order_relaxed); }
    double records_per_second() const { return records_per_second_.load(std::memory_order_relaxed); }
    std::size_t parked_count() const { return parked_count_.load(std::memory_order_relaxed); }
    bool rebuilding() const { return rebuilding_.load(std::memory_order_relaxed); }

    // For the runner alone.
    void set_passed(const Frontier& frontier) { passed_.store(frontier.total(), std::memory_order_relaxed); }
    void set_oldest(Timestamp time) {
        oldest_ms_.store(time.time_since_epoch().count(), std::memory_order_relaxed);
    }
    void set_idle() { oldest_ms_.store(idle, std::memory_order_relaxed); }
    void set_parked(std::size_t count) { parked_count_.store(count, std::memory_order_relaxed); }
    void set_rebuilding(bool on) { rebuilding_.store(on, std::memory_order_relaxed); }
    void batch_done(std::size_t record_count, std::size_t event_count, std::chrono::duration<double> took_s);

private:
    static constexpr std::int64_t idle = INT64_MIN;

    const EventLog& log_;
    const Clock& clock_;
    std::atomic<std::int64_t> passed_{0};  // the total of the frontier
    std::atomic<std::int64_t> oldest_ms_{idle};
    std::atomic<double> events_per_second_{0};
    std::atomic<double> records_per_second_{0};
    std::atomic<std::size_t> parked_count_{0};
    std::atomic<bool> rebuilding_{false};
};

inline constexpr std::chrono::milliseconds admitted_lag_max{2000};
inline constexpr double admitted_rate_min = 100;  // commands/s, also when nothing has been measured yet
inline constexpr std::chrono::milliseconds admitted_burst{100};  // that many milliseconds of the rate at once

// Asked once for each command, by any thread.
class LagAdmission final : public Admission {
public:
    explicit LagAdmission(const RunnerGauges& gauges) : gauges_(gauges) {}

    // False: the read models are too far behind; the client is told to come again (503).
    bool admit() override;

private:
    const RunnerGauges& gauges_;
    std::atomic<std::int64_t> next_ns_{
        0};  // when the next command is due at the admitted rate, on the steady clock
};

}  // namespace dacapo
