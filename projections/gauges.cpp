#include "projections/gauges.hpp"

#include <algorithm>
#include <cmath>

namespace dacapo {

namespace {

constexpr double smoothing_s = 1.0;

void smooth(std::atomic<double>& rate, double measured, double weight) {
    const double before = rate.load(std::memory_order_relaxed);
    rate.store(before == 0 ? measured : before + weight * (measured - before), std::memory_order_relaxed);
}

}  // namespace

std::int64_t RunnerGauges::lag_records() const {
    return std::max<std::int64_t>(0, log_.head().total() - passed_.load(std::memory_order_relaxed));
}

std::chrono::milliseconds RunnerGauges::lag() const {
    const auto oldest = oldest_ms_.load(std::memory_order_relaxed);
    if (oldest == idle) return std::chrono::milliseconds(0);
    const auto age = clock_.now().time_since_epoch() - std::chrono::milliseconds(oldest);
    return std::max(age, std::chrono::milliseconds(0));
}

void RunnerGauges::batch_done(std::size_t record_count, std::size_t event_count,
                              std::chrono::duration<double> took_s) {
    const double seconds = std::max(took_s.count(), 1e-6);
    const double weight = 1 - std::exp(-seconds / smoothing_s);
    smooth(records_per_second_, static_cast<double>(record_count) / seconds, weight);
    smooth(events_per_second_, static_cast<double>(event_count) / seconds, weight);
}

bool LagAdmission::admit() {
    if (gauges_.lag() < admitted_lag_max) return true;
    // A token bucket kept as the one instant at which the next token is due.
    using namespace std::chrono;
    const auto now = duration_cast<nanoseconds>(steady_clock::now().time_since_epoch()).count();
    const auto burst = duration_cast<nanoseconds>(admitted_burst).count();
    const double rate = std::max(gauges_.records_per_second(), admitted_rate_min);
    const auto interval = static_cast<std::int64_t>(1e9 / rate);
    auto due = next_ns_.load(std::memory_order_relaxed);
    while (true) {
        const auto start = std::max(due, now - burst);
        if (start > now) return false;
        if (next_ns_.compare_exchange_weak(due, start + interval, std::memory_order_relaxed)) return true;
    }
}

}  // namespace dacapo
