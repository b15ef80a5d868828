// Counters, gauges and histograms, and their text for Prometheus (exposition format 0.0.4).
// Handles are looked up once and kept: counting is then an atomic addition in a place few threads share.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dacapo {

namespace metrics_detail {

inline constexpr std::size_t stripe_count = 8;
// Which of the stripes this thread counts in, so that threads seldom write to the same cache line.
std::size_t stripe_of_this_thread();

}  // namespace metrics_detail

class Counter {
public:
    void add(std::uint64_t count = 1) {
        stripes_[metrics_detail::stripe_of_this_thread()].count.fetch_add(count, std::memory_order_relaxed);
    }
    std::uint64_t value() const;

private:
    struct alignas(64) Stripe {
        std::atomic<std::uint64_t> count{0};
    };
    std::array<Stripe, metrics_detail::stripe_count> stripes_;
};

class Gauge {
public:
    void set(double value) { value_.store(value, std::memory_order_relaxed); }
    void add(double change) { value_.fetch_add(change, std::memory_order_relaxed); }
    double value() const { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<double> value_{0};
};

class Histogram {
public:
    // The upper bounds of the buckets, rising; the last one, +Inf, is added by itself.
    explicit Histogram(std::vector<double> bounds);

    void observe(double value);

    struct Snapshot {
        std::vector<std::uint64_t> counts;  // of each bucket alone; the last one is past every bound
        double sum = 0;
    };
    Snapshot snapshot() const;
    std::span<const double> bounds() const { return bounds_; }

private:
    struct alignas(64) Stripe {
        std::vector<std::atomic<std::uint64_t>> counts;
        std::atomic<double> sum{0};
    };
    std::vector<double> bounds_;
    std::array<Stripe, metrics_detail::stripe_count> stripes_;
};

// From 0.25 ms to 10 s, for requests.
std::vector<double> latency_bounds_s();

using Labels = std::vector<std::pair<std::string, std::string>>;

// Label values must come from a bounded set (route patterns, never paths). Past this many series of one name,
// further label values share one series in which every value is "other".
inline constexpr std::size_t series_per_name_max = 1'000;

// Names and labels are checked when a handle is made: std::invalid_argument for a bad name, for one name of
// two kinds, and for label names that differ within a name. The same name and labels give the same handle.
class Metrics {
public:
    Counter& counter(std::string_view name, std::string_view help, const Labels& labels = {});
    Gauge& gauge(std::string_view name, std::string_view help, const Labels& labels = {});
    Histogram& histogram(std::string_view name, std::string_view help, std::vector<double> bounds,
                         const Labels& labels = {});
    // Asked each time the text is made, by that thread. What `read` uses must live as long as this object.
    void gauge_from(std::string_view name, std::string_view help, std::function<double()> read,
                    const Labels& labels = {});

    // Content-Type: text/plain; version=0.0.4; charset=utf-8
    std::string text() const;

private:
    enum class Kind { counter, gauge, histogram };
    struct Series {
        std::string labels;  // ready to print: `route="/users",status="200"`
        Counter* counter = nullptr;
        Gauge* gauge = nullptr;
        Histogram* histogram = nullptr;
        std::function<double()> read;
    };
    struct Family {
        std::string help;
        Kind kind = Kind::counter;
        std::vector<std::string> label_names;
        std::map<std::string, Series> series;
    };

    Series& series(std::string_view name, std::string_view help, Kind kind, const Labels& labels);
    static void append(std::string& out, const std::string& name, const Series& series);

    mutable std::mutex mutex_;
    std::map<std::string, Family, std::less<>> families_;
    std::deque<Counter> counters_;  // deques, because handles stay where they are
    std::deque<Gauge> gauges_;
    std::deque<Histogram> histograms_;
};

}  // namespace dacapo
