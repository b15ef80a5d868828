#include "infra/http/rate_limit.hpp"

#include "infra/http/message.hpp"
#include "infra/http/problem.hpp"
#include "tests/support/manual_clock.hpp"

#include <doctest/doctest.h>
#include <thread>

namespace dacapo::http {
namespace {

using namespace std::chrono_literals;
constexpr auto noon = dacapo::testing::ManualClock::noon;
constexpr RatePolicy three_a_minute{"three", 3, 60s};

std::string field(const Response& response, std::string_view name) {
    for (const auto& [key, value] : response.headers)
        if (key == name) return value;
    return "";
}

}  // namespace

TEST_CASE("a client may ask as often as the quota says, and again when the window is over") {
    RateCounter counter(three_a_minute);
    for (const std::uint32_t left : {2U, 1U, 0U}) {
        const auto standing = counter.count("ana", noon);
        CHECK(standing.remaining == left);
        CHECK_FALSE(standing.exceeded);
    }
    const auto refused = counter.count("ana", noon + 100ms);
    CHECK(refused.exceeded);
    CHECK(refused.remaining == 0);
    CHECK(refused.reset == 60s);  // rounded up: whoever waits so long is served
    CHECK(counter.count("ana", noon + 60s - 1ms).exceeded);
    CHECK_FALSE(counter.count("ana", noon + 100ms + refused.reset).exceeded);
}

TEST_CASE("refused requests do not put the end of the window off") {
    RateCounter counter(three_a_minute);
    for (int i = 0; i < 100; ++i) counter.count("ana", noon + i * 590ms);
    CHECK_FALSE(counter.count("ana", noon + 60s).exceeded);
}

TEST_CASE("a window begins with the client's first request, so not all end together") {
    RateCounter counter(three_a_minute);
    CHECK(counter.count("ana", noon).reset == 60s);
    CHECK(counter.count("ben", noon + 20s).reset == 60s);
    CHECK(counter.count("ana", noon + 20s).reset == 40s);
}

TEST_CASE("one client spends nothing of another's") {
    RateCounter counter(three_a_minute);
    for (int i = 0; i < 10; ++i) counter.count("ana", noon);
    CHECK(counter.count("ben", noon).remaining == 2);
}

TEST_CASE("a clock that was put back locks nobody out") {
    RateCounter counter(three_a_minute);
    for (int i = 0; i < 4; ++i) counter.count("ana", noon);
    const auto standing = counter.count("ana", noon - 24h);
    CHECK_FALSE(standing.exceeded);
    CHECK(standing.reset == 60s);
}

TEST_CASE("a flood of clients takes no more memory and forgets nobody who asks often") {
    RateCounter counter(three_a_minute, 8);  // one set of eight
    for (int i = 0; i < 4; ++i) counter.count("ana", noon);
    for (int i = 0; i < 10'000; ++i) counter.count("flood " + std::to_string(i), noon);
    CHECK(counter.count("ana", noon).exceeded);
}

TEST_CASE("counting from many threads loses nothing") {
    RateCounter counter({"thousand", 1000, 60s});
    std::atomic<int> let_in{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&] {
            for (int i = 0; i < 500; ++i) let_in += counter.count("ana", noon).exceeded ? 0 : 1;
        });
    for (auto& thread : threads) thread.join();
    CHECK(let_in == 1000);
}

TEST_CASE("the fields say policy and standing as the draft writes them, and a redirect has none") {
    Response response;
    add_rate_fields({three_a_minute, 2, 30s, false}, response);
    CHECK(field(response, "RateLimit-Policy") == "\"three\";q=3;w=60");
    CHECK(field(response, "RateLimit") == "\"three\";r=2;t=30");
    Response unchanged;
    unchanged.status = 304;
    add_rate_fields({three_a_minute, 0, 30s, false}, unchanged);
    CHECK(unchanged.headers.empty());
}

TEST_CASE("a refusal names the policy and says when to come back, never too early") {
    for (std::uint32_t jitter = 0; jitter < 100; ++jitter) {
        const auto problem = rate_exceeded({three_a_minute, 0, 30s, true}, jitter);
        CHECK(problem.status == 429);
        CHECK(problem.violated_policies == std::vector<std::string>{"three"});
        const auto wait_s = std::stoi(problem.headers.at(0).second);
        CHECK(wait_s >= 30);
        CHECK(wait_s <= 33);
    }
    CHECK(rate_exceeded({three_a_minute, 0, 30s, true}, 0).headers !=
          rate_exceeded({three_a_minute, 0, 30s, true}, 1).headers);
}

}  // namespace dacapo::http
