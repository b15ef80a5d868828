#include "infra/progress.hpp"

#include "tests/support/io_thread.hpp"

#include <doctest/doctest.h>

namespace dacapo {

using namespace dacapo::testing;
using namespace std::chrono_literals;

TEST_CASE("what has been passed is not waited for") {
    Progress progress;
    IoThread io;
    CHECK(progress.passed() == 0);
    CHECK(io.run(progress.wait(0, 0ms)));
    progress.advance(5);
    CHECK(io.run(progress.wait(5, 0ms)));
    CHECK(!io.run(progress.wait(6, 0ms)));
}

TEST_CASE("an advance wakes those it passes and no others") {
    Progress progress;
    IoThread io;
    auto third = io.begin(progress.wait(3, 20s));
    auto fifth = io.begin(progress.wait(5, 20s));
    auto sixth = io.begin(progress.wait(6, 20s));
    io.drain();
    progress.advance(5);
    CHECK(IoThread::result_of(third));
    CHECK(IoThread::result_of(fifth));
    CHECK(sixth.wait_for(0ms) == std::future_status::timeout);
    progress.advance(7);
    CHECK(IoThread::result_of(sixth));
}

TEST_CASE("progress never goes back") {
    Progress progress;
    progress.advance(5);
    progress.advance(3);
    CHECK(progress.passed() == 5);
}

TEST_CASE("who has waited long enough leaves nothing behind") {
    Progress progress;
    IoThread io;
    for (int i = 0; i < 50; ++i) CHECK(!io.run(progress.wait(1, 1ms)));
    CHECK(progress.waiting_count() == 0);
    auto waits = io.begin(progress.wait(1, 20s));
    io.drain();
    CHECK(progress.waiting_count() == 1);
    progress.advance(1);
    CHECK(IoThread::result_of(waits));
    CHECK(progress.waiting_count() == 0);
}

TEST_CASE("who times out after everybody was dropped is answered no") {
    Progress progress;
    IoThread io;
    auto waits = io.begin(progress.wait(1, 50ms));
    io.drain();
    progress.clear();
    CHECK(!IoThread::result_of(waits));
}

TEST_CASE("waiters of many threads are woken while progress is made") {
    Progress progress;
    IoThread one;
    IoThread other;
    std::vector<Answer<bool>> waits;
    std::thread runner([&] {
        for (Position at = 1; at <= 500; ++at) progress.advance(at);
    });
    for (Position at = 1; at <= 500; ++at)
        waits.push_back((at % 2 ? one : other).begin(progress.wait(at, 20s)));
    runner.join();
    for (auto& wait : waits) CHECK(IoThread::result_of(wait));
    CHECK(progress.waiting_count() == 0);
}

}  // namespace dacapo
