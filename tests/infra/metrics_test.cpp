#include "infra/metrics.hpp"

#include <doctest/doctest.h>
#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <thread>

using namespace dacapo;

TEST_CASE("metrics are written in Prometheus text format") {
    Metrics metrics;
    metrics.counter("requests_total", "Requests answered.", {{"route", "/users"}, {"status", "200"}}).add(3);
    metrics.counter("requests_total", "Requests answered.", {{"route", "/users"}, {"status", "404"}}).add();
    metrics.gauge("lag_seconds", "How far behind.").set(0.25);
    metrics.gauge_from("depth", "Jobs waiting.", [] { return 7.0; });
    auto& took = metrics.histogram("took_seconds", "Time taken.", {0.1, 1}, {{"route", "/users"}});
    took.observe(0.1);
    took.observe(0.5);
    took.observe(2);
    CHECK(metrics.text() == R"(# HELP depth Jobs waiting.
# TYPE depth gauge
depth 7
# HELP lag_seconds How far behind.
# TYPE lag_seconds gauge
lag_seconds 0.25
# HELP requests_total Requests answered.
# TYPE requests_total counter
requests_total{route="/users",status="200"} 3
requests_total{route="/users",status="404"} 1
# HELP took_seconds Time taken.
# TYPE took_seconds histogram
took_seconds_bucket{route="/users",le="0.1"} 1
took_seconds_bucket{route="/users",le="1"} 2
took_seconds_bucket{route="/users",le="+Inf"} 3
took_seconds_sum{route="/users"} 2.6
took_seconds_count{route="/users"} 3
)");
}

TEST_CASE("help and label values are escaped") {
    Metrics metrics;
    metrics.gauge("g", "one\ntwo \\ \"three\"", {{"l", "a\"b\\c\nd"}}).set(INFINITY);
    CHECK(metrics.text() ==
          "# HELP g one\\ntwo \\\\ \"three\"\n# TYPE g gauge\ng{l=\"a\\\"b\\\\c\\nd\"} +Inf\n");
}

TEST_CASE("the same name and labels are the same series") {
    Metrics metrics;
    auto& first = metrics.counter("c", "help", {{"l", "a"}});
    CHECK(&first == &metrics.counter("c", "help", {{"l", "a"}}));
    CHECK(&first != &metrics.counter("c", "help", {{"l", "b"}}));
}

TEST_CASE("a metric that contradicts itself is refused") {
    Metrics metrics;
    metrics.counter("c", "help", {{"l", "a"}});
    CHECK_THROWS_AS(metrics.gauge("c", "help", {{"l", "a"}}), std::invalid_argument);
    CHECK_THROWS_AS(metrics.counter("c", "help", {{"other", "a"}}), std::invalid_argument);
    CHECK_THROWS_AS(metrics.counter("c", "help"), std::invalid_argument);
    CHECK_THROWS_AS(metrics.counter("0c", "help"), std::invalid_argument);
    CHECK_THROWS_AS(metrics.counter("c-d", "help"), std::invalid_argument);
    CHECK_THROWS_AS(metrics.counter("", "help"), std::invalid_argument);
    CHECK_THROWS_AS(metrics.counter("d", "help", {{"le", "a"}}), std::invalid_argument);
    CHECK_THROWS_AS(metrics.counter("d", "help", {{"l", "a"}, {"l", "b"}}), std::invalid_argument);
    CHECK_THROWS_AS(metrics.histogram("h", "help", {1, 1}), std::invalid_argument);
    CHECK_THROWS_AS(metrics.histogram("h2", "help", {}), std::invalid_argument);
    metrics.gauge("g", "help");
    CHECK_THROWS_AS(metrics.gauge_from("g", "help", [] { return 0.0; }), std::invalid_argument);
}

TEST_CASE("label values past the limit share one series") {
    Metrics metrics;
    for (std::size_t i = 0; i < series_per_name_max; ++i)
        metrics.counter("c", "help", {{"l", std::to_string(i)}}).add();
    auto& past = metrics.counter("c", "help", {{"l", "one more"}});
    CHECK(&past == &metrics.counter("c", "help", {{"l", "and another"}}));
    past.add();
    const auto text = metrics.text();
    CHECK(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) == series_per_name_max + 3);
    CHECK(text.find("c{l=\"other\"} 1\n") != text.npos);
    CHECK(text.find("one more") == text.npos);
}

TEST_CASE("no count is lost between threads") {
    Metrics metrics;
    auto& counter = metrics.counter("c", "help");
    auto& gauge = metrics.gauge("g", "help");
    auto& histogram = metrics.histogram("h", "help", latency_bounds_s());
    constexpr int each = 10'000;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            for (int n = 0; n < each; ++n) {
                counter.add();
                gauge.add(1);
                histogram.observe(0.003);
            }
        });
    metrics.text();
    for (auto& thread : threads) thread.join();
    CHECK(counter.value() == 4 * each);
    CHECK(gauge.value() == 4 * each);
    CHECK(histogram.snapshot().counts[4] == 4 * each);
}
