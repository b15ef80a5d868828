#include "command/login_spray.hpp"

#include <doctest/doctest.h>

namespace dacapo {
namespace {

using namespace std::chrono_literals;

constexpr Timestamp noon{std::chrono::milliseconds{1'710'417'600'000}};
constexpr auto failures_max = LoginSpray::failures_per_minute_max;

void fail(LoginSpray& spray, std::int64_t times, Timestamp now) {
    for (std::int64_t i = 0; i < times; ++i) spray.failed(now);
}

}  // namespace

TEST_CASE("a hundred failures in a minute are none too many, one more is") {
    LoginSpray spray;
    fail(spray, failures_max, noon);
    CHECK_FALSE(spray.is_under_way(noon));
    fail(spray, 1, noon);
    CHECK(spray.is_under_way(noon));
    CHECK(spray.is_under_way(noon + 599ms));
    CHECK_FALSE(spray.is_under_way(noon + 600ms));
}

TEST_CASE("a hundred failures a minute go on for ever without being too many") {
    LoginSpray spray;
    for (int i = 0; i < 1000; ++i) {
        spray.failed(noon + i * 601ms);
        REQUIRE(spray.level(noon + i * 601ms) <= 2);
    }
    // A little more than that adds up, however close they come.
    LoginSpray faster;
    for (int i = 0; i < 2000; ++i) faster.failed(noon + i * 400ms);
    CHECK(faster.is_under_way(noon + 2000 * 400ms));
}

TEST_CASE("it is over within a minute of its end, however much it was") {
    LoginSpray spray;
    fail(spray, 1'000'000, noon);
    CHECK(spray.is_under_way(noon + 59s));
    CHECK_FALSE(spray.is_under_way(noon + 60s));
    CHECK(spray.level(noon + 120s) == 0);
}

TEST_CASE("more threads for passwords bear more failures and more newcomers") {
    LoginSpray spray(4);
    fail(spray, 4 * failures_max, noon);
    CHECK_FALSE(spray.is_under_way(noon));
    fail(spray, 1, noon);
    CHECK(spray.is_under_way(noon));
    CHECK_FALSE(spray.is_under_way(noon + 150ms));
    for (std::int64_t i = 0; i < 4 * LoginSpray::newcomers_per_second_max; ++i) CHECK(spray.take_place(noon));
    CHECK_FALSE(spray.take_place(noon));
}

TEST_CASE("each second has places of its own for newcomers") {
    LoginSpray spray;
    for (int second = 0; second < 3; ++second) {
        const auto now = noon + std::chrono::seconds(second);
        for (std::int64_t i = 0; i < LoginSpray::newcomers_per_second_max; ++i) CHECK(spray.take_place(now));
        CHECK_FALSE(spray.take_place(now + 999ms));
    }
}

TEST_CASE("a clock that is set back holds nobody longer than a minute of failures does") {
    LoginSpray spray;
    fail(spray, failures_max + 1, noon);
    const auto before = noon - 1h;
    spray.failed(before);
    CHECK(spray.is_under_way(before));
    CHECK_FALSE(spray.is_under_way(before + 2s));
}

TEST_CASE("what was kept is bounded like what was counted") {
    LoginSpray spray;
    spray.restore(1'000'000'000, noon);
    CHECK(spray.level(noon) == 2 * failures_max);
    spray.restore(-5, noon);
    CHECK(spray.level(noon) == 0);
}

}  // namespace dacapo
