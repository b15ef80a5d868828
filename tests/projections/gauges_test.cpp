// What the runner says about itself, and how many commands are let in when it falls behind.
#include "tests/support/projected.hpp"

#include <doctest/doctest.h>

namespace dacapo {
namespace {

using namespace std::chrono_literals;
using testing::ManualClock;
using testing::MemoryLog;
using testing::Projector;

StreamEvent check_in(std::int64_t id) {
    return {{StreamKind::check_in, id}, CheckInEvent(CheckInExpired{{id}, UserId{1}})};
}

TEST_CASE("the lag is the age of the oldest record not yet passed and zero when idle") {
    TemporaryFolder folder;
    MemoryLog log;
    std::chrono::milliseconds seen{-1};
    std::int64_t seen_records = -1;
    Projector* self = nullptr;
    RunnerOptions options;
    options.before_commit = [&] {
        seen = self->runner.gauges().lag();
        seen_records = self->runner.gauges().lag_records();
    };
    Projector projector(log, folder / "read.db", options);
    self = &projector;
    const auto& gauges = projector.runner.gauges();
    projector.catch_up();
    CHECK(gauges.lag() == 0ms);
    CHECK(gauges.lag_records() == 0);

    log.add(1, {check_in(1)}, ManualClock::noon);
    log.add(2, {check_in(2), check_in(3)}, ManualClock::noon + 1s);
    projector.clock.advance(5s);
    CHECK(gauges.lag_records() == 2);
    projector.catch_up();
    CHECK(seen == 5s);
    CHECK(seen_records == 2);
    CHECK(gauges.lag() == 0ms);
    CHECK(gauges.lag_records() == 0);
    CHECK(gauges.events_per_second() == doctest::Approx(gauges.records_per_second() * 1.5));
}

TEST_CASE("the lag stays visible while a batch cannot be committed") {
    TemporaryFolder folder;
    MemoryLog log;
    RunnerOptions options;
    options.before_commit = [] { throw sql::Error(sql::ErrorKind::full, "no space left"); };
    Projector projector(log, folder / "read.db", options);
    log.add(1, {check_in(1)}, ManualClock::noon);
    CHECK_THROWS_AS(projector.runner.step(), sql::Error);
    projector.clock.advance(90s);
    CHECK(projector.runner.gauges().lag() == 90s);
    CHECK(projector.rows("parked_events").empty());
}

TEST_CASE("the rate is smoothed over about a second of work") {
    MemoryLog log;
    ManualClock clock;
    RunnerGauges gauges(log, clock);
    CHECK(gauges.records_per_second() == 0);
    gauges.batch_done(100, 300, 100ms);
    CHECK(gauges.records_per_second() == doctest::Approx(1000));
    CHECK(gauges.events_per_second() == doctest::Approx(3000));
    gauges.batch_done(1, 1, 1ms);
    CHECK(gauges.events_per_second() > 2900);
    gauges.batch_done(20'000, 20'000, 10s);
    CHECK(gauges.records_per_second() == doctest::Approx(2000).epsilon(0.01));
}

TEST_CASE("every command is admitted while the lag is under two seconds") {
    MemoryLog log;
    ManualClock clock;
    RunnerGauges gauges(log, clock);
    LagAdmission admission(gauges);
    gauges.set_oldest(clock.now());
    clock.advance(admitted_lag_max - 1ms);
    int admitted = 0;
    for (int i = 0; i < 100'000; ++i) admitted += admission.admit() ? 1 : 0;
    CHECK(admitted == 100'000);
}

TEST_CASE("past two seconds of lag commands are admitted at the projector's rate") {
    MemoryLog log;
    ManualClock clock;
    RunnerGauges gauges(log, clock);
    LagAdmission admission(gauges);
    gauges.batch_done(5000, 5000, 1s);
    gauges.set_oldest(clock.now());
    clock.advance(admitted_lag_max);

    const auto begun = std::chrono::steady_clock::now();
    int admitted = 0;
    while (std::chrono::steady_clock::now() - begun < 200ms) admitted += admission.admit() ? 1 : 0;
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    const double allowed = 5000 * (took.count() + 0.1);  // the rate, and one burst of it
    CHECK(admitted <= allowed + 2);
    CHECK(admitted >= 500);  // the burst at least, however little this thread was let run

    gauges.set_idle();
    for (int i = 0; i < 1000; ++i) REQUIRE(admission.admit());
}

TEST_CASE("some commands are admitted even when no rate has been measured yet") {
    MemoryLog log;
    ManualClock clock;
    RunnerGauges gauges(log, clock);
    LagAdmission admission(gauges);
    gauges.set_oldest(clock.now());
    clock.advance(1h);
    CHECK(admission.admit());
    int admitted = 1;
    for (int i = 0; i < 50; ++i) admitted += admission.admit() ? 1 : 0;
    CHECK(admitted < 51);
}

}  // namespace
}  // namespace dacapo
