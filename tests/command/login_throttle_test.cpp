#include "command/login_throttle.hpp"

#include <doctest/doctest.h>
#include <cstring>

namespace dacapo {
namespace {

using namespace std::chrono_literals;

constexpr Timestamp noon{std::chrono::milliseconds{1'710'417'600'000}};

LoginThrottle::Name name(std::uint32_t number) {
    LoginThrottle::Name made{};
    std::memcpy(made.data(), &number, sizeof number);
    return made;
}

std::int64_t pause_s(const LoginThrottle& throttle, Timestamp now, std::uint32_t who = 1) {
    const auto pause = throttle.pause(name(who), now);
    return pause ? pause->count() : 0;
}

void fail(LoginThrottle& throttle, int times, Timestamp now, std::uint32_t who = 1) {
    for (int i = 0; i < times; ++i) throttle.failed(name(who), now);
}

}  // namespace

TEST_CASE("a few failures cost nothing and then each doubles the pause up to a limit") {
    LoginThrottle throttle;
    fail(throttle, LoginThrottle::free_failures, noon);
    CHECK(pause_s(throttle, noon) == 0);
    for (const std::int64_t expected : {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900}) {
        fail(throttle, 1, noon);
        CHECK(pause_s(throttle, noon) == expected);
    }
    fail(throttle, 1000, noon);
    CHECK(pause_s(throttle, noon) == LoginThrottle::pause_max.count());
}

TEST_CASE("a pause is over when its time is") {
    LoginThrottle throttle;
    fail(throttle, LoginThrottle::free_failures + 3, noon);
    CHECK(pause_s(throttle, noon + 1ms) == 4);  // Rounded up: Retry-After is never too early.
    CHECK(pause_s(throttle, noon + 3999ms) == 1);
    CHECK(pause_s(throttle, noon + 4s) == 0);
}

TEST_CASE("a success forgets the failures of that name alone") {
    LoginThrottle throttle;
    fail(throttle, 10, noon, 1);
    fail(throttle, 10, noon, 2);
    throttle.succeeded(name(1));
    CHECK(pause_s(throttle, noon, 1) == 0);
    CHECK(pause_s(throttle, noon, 2) > 0);
    fail(throttle, LoginThrottle::free_failures, noon, 1);
    CHECK(pause_s(throttle, noon, 1) == 0);
}

TEST_CASE("failures are forgotten after an hour without one") {
    LoginThrottle throttle;
    fail(throttle, 10, noon);
    fail(throttle, LoginThrottle::free_failures, noon + LoginThrottle::memory + 1ms);
    CHECK(pause_s(throttle, noon + LoginThrottle::memory + 1ms) == 0);
}

TEST_CASE("the number of names is bounded and the oldest failure goes first") {
    LoginThrottle throttle;
    const auto names_max = static_cast<std::uint32_t>(LoginThrottle::names_max);
    fail(throttle, 10, noon, 0);
    for (std::uint32_t i = 1; i < names_max; ++i) fail(throttle, 1, noon + 1ms, i);
    // A name that is known already needs no room.
    fail(throttle, 1, noon + 2ms, 0);
    CHECK(pause_s(throttle, noon + 2ms, 0) > 0);
    fail(throttle, 9, noon + 2ms, names_max);
    CHECK(pause_s(throttle, noon + 2ms, names_max) > 0);
    CHECK(pause_s(throttle, noon + 2ms, 0) > 0);
    // When everything else is old enough to forget it goes at once.
    fail(throttle, 9, noon + LoginThrottle::memory + 1s, names_max + 1);
    CHECK(pause_s(throttle, noon + LoginThrottle::memory + 1s, names_max + 1) > 0);
}

}  // namespace dacapo
