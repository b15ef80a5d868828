#include "infra/log_lines.hpp"

#include "tests/support/manual_clock.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>
#include <array>
#include <boost/json.hpp>

using namespace dacapo;
using namespace std::chrono_literals;

namespace {

struct Pipe {
    int in = -1;   // read from here
    int out = -1;  // write to here

    Pipe() {
        std::array<int, 2> ends{};
        REQUIRE(::pipe(ends.data()) == 0);
        in = ends[0];
        out = ends[1];
    }
    ~Pipe() {
        close_in();
        ::close(out);
    }
    void close_in() {
        if (in >= 0) ::close(in);
        in = -1;
    }
    // Everything written so far, without waiting for more.
    std::string text() const {
        ::fcntl(in, F_SETFL, O_NONBLOCK);
        std::string all;
        std::array<char, 4096> part;
        for (ssize_t size = 0; (size = ::read(in, part.data(), part.size())) > 0;)
            all.append(part.data(), static_cast<std::size_t>(size));
        return all;
    }
};

constexpr auto patience = 10s;

}  // namespace

TEST_CASE("a log line is one JSON object") {
    const testing::ManualClock clock;
    const Pipe pipe;
    LogLines log(LogLevel::info, clock, pipe.out);
    log.info("request", {{"route", "/users/{user_id}"}, {"status", 200}, {"took_ms", 1.5}, {"cached", true}});
    REQUIRE(log.flush(patience));
    CHECK(pipe.text() == R"({"ts":"2024-03-14T12:00:00.000Z","level":"info","msg":"request",)"
                         R"("route":"/users/{user_id}","status":200,"took_ms":1.5,"cached":true})"
                         "\n");
}

TEST_CASE("nothing in a text can forge a line or reach the terminal") {
    const testing::ManualClock clock;
    const Pipe pipe;
    LogLines log(LogLevel::info, clock, pipe.out);
    const std::string nasty("a\r\n{\"msg\":\"forged\"}\x1B[31m\xFF\0\xC2\x9B", 28);
    log.warn(nasty, {{"agent", nasty}});
    REQUIRE(log.flush(patience));
    const auto text = pipe.text();
    CHECK(std::count(text.begin(), text.end(), '\n') == 1);
    CHECK(std::none_of(text.begin(), text.end() - 1, [](char c) { return c >= 0 && c < 0x20; }));
    const auto line = boost::json::parse(text);
    const std::string_view expected =
        "a\r\n{\"msg\":\"forged\"}\xEF\xBF\xBD[31m\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD";
    CHECK(line.at("msg").as_string() == expected);
    CHECK(line.at("agent").as_string() == expected);
}

TEST_CASE("the level decides and may change") {
    const testing::ManualClock clock;
    const Pipe pipe;
    LogLines log(LogLevel::warn, clock, pipe.out);
    log.info("hidden");
    log.set_level(LogLevel::debug);
    log.debug("shown");
    log.set_level(LogLevel::error);
    log.warn("hidden");
    REQUIRE(log.flush(patience));
    CHECK(pipe.text() == "{\"ts\":\"2024-03-14T12:00:00.000Z\",\"level\":\"debug\",\"msg\":\"shown\"}\n");
    CHECK(log_level_of("warn") == LogLevel::warn);
    CHECK_FALSE(log_level_of("loud"));
}

TEST_CASE("a text longer than its limit is cut") {
    const testing::ManualClock clock;
    const Pipe pipe;
    LogLines log(LogLevel::info, clock, pipe.out);
    log.info(std::string(log_text_bytes_max, 'x'));
    log.info(std::string(log_text_bytes_max + 1, 'x'));
    REQUIRE(log.flush(patience));
    const auto text = pipe.text();
    const auto middle = text.find('\n') + 1;
    CHECK(text.substr(0, middle) == text.substr(middle));
}

TEST_CASE("a reader that stops reading blocks nobody and the loss is told") {
    const testing::ManualClock clock;
    const Pipe pipe;
    LogLines log(LogLevel::info, clock, pipe.out);
    const std::string big(4'000, 'x');
    const std::size_t enough = log_queue_bytes_max / 4'000 + 200;
    for (std::size_t i = 0; i < 2 * enough; ++i) log.info(big);
    CHECK(log.dropped_count() > 0);
    // The reader comes back: what was kept arrives, then how much was not.
    std::string all;
    const auto deadline = std::chrono::steady_clock::now() + patience;
    log.info("after");
    while (all.find("log lines dropped") == all.npos && std::chrono::steady_clock::now() < deadline) {
        all += pipe.text();
        log.info("again");
        log.flush(1ms);
    }
    CHECK(all.find("log lines dropped") != all.npos);
}

TEST_CASE("a program ends in time although nobody reads") {
    const testing::ManualClock clock;
    const Pipe pipe;
    const auto begin = std::chrono::steady_clock::now();
    {
        LogLines log(LogLevel::info, clock, pipe.out);
        for (int i = 0; i < 200; ++i) log.info(std::string(4'000, 'x'));
    }
    CHECK(std::chrono::steady_clock::now() - begin < 5s);
}

TEST_CASE("a reader that is gone ends neither the program nor its logging") {
    const testing::ManualClock clock;
    Pipe pipe;
    pipe.close_in();
    LogLines log(LogLevel::info, clock, pipe.out);
    for (int i = 0; i < 10; ++i) {
        log.info("to nobody");
        REQUIRE(log.flush(patience));
    }
    CHECK(log.dropped_count() == 10);
}
