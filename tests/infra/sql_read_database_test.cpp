// Queries handed to reader threads: they come back to where they were asked, whatever happens to them.
#include "infra/sql/read_database.hpp"
#include "tests/support/temporary_folder.hpp"

#include <doctest/doctest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <future>

namespace dacapo::sql {
namespace {

namespace asio = boost::asio;

struct Database {
    TemporaryFolder folder;
    ReadDatabaseOptions options{.url = "sqlite:" + (folder / "read.db").string(), .reader_count = 2};
};

TEST_CASE_FIXTURE(Database, "a query runs on another thread and resumes on the caller's") {
    ReadDatabase database(options);
    database.writer().script("CREATE TABLE t (i INTEGER); INSERT INTO t VALUES (42)");
    asio::io_context context;
    int found = 0;
    bool elsewhere = false, back = false;
    auto ask = [&]() -> asio::awaitable<void> {
        const auto here = std::this_thread::get_id();
        auto work = [&elsewhere, here](Session& session) {
            elsewhere = std::this_thread::get_id() != here;
            return session.value<int>("SELECT i FROM t").value();
        };
        found = co_await database.run(std::move(work));
        back = std::this_thread::get_id() == here;
    };
    asio::co_spawn(context, ask(), asio::detached);
    context.run();
    CHECK(found == 42);
    CHECK(elsewhere);
    CHECK(back);
}

TEST_CASE_FIXTURE(Database, "results without a default value and without any value travel as they are") {
    struct NoDefault {
        explicit NoDefault(int given) : value(std::make_unique<int>(given)) {}
        std::unique_ptr<int> value;
    };
    ReadDatabase database(options);
    asio::io_context context;
    int seen = 0;
    auto ask = [&]() -> asio::awaitable<void> {
        auto nothing = [&](Session&) { seen += 1; };
        co_await database.run(std::move(nothing));
        auto moved = [](Session&) { return NoDefault(10); };
        const auto result = co_await database.run(std::move(moved));
        seen += *result.value;
    };
    asio::co_spawn(context, ask(), asio::detached);
    context.run();
    CHECK(seen == 11);
}

TEST_CASE_FIXTURE(Database, "what a query throws is thrown where it was asked") {
    ReadDatabase database(options);
    asio::io_context context;
    bool caught = false;
    auto ask = [&]() -> asio::awaitable<void> {
        auto work = [](Session& session) { return session.value<int>("SELECT i FROM missing"); };
        try {
            co_await database.run(std::move(work));
        } catch (const Error& error) {
            caught = error.kind == ErrorKind::statement;
        }
    };
    asio::co_spawn(context, ask(), asio::detached);
    context.run();
    CHECK(caught);
}

TEST_CASE_FIXTURE(Database, "more waiting queries than the limit are refused at once") {
    options.reader_count = 1;
    options.queue_count_max = 3;
    ReadDatabase database(options);
    asio::io_context context;
    std::promise<void> running, release;
    auto released = release.get_future().share();
    int done = 0, refused = 0;
    auto blocker = [&]() -> asio::awaitable<void> {
        auto work = [&running, released](Session&) {
            running.set_value();
            released.wait();
        };
        co_await database.run(std::move(work));
    };
    auto ask = [&]() -> asio::awaitable<void> {
        auto work = [](Session&) { return 1; };
        try {
            done += co_await database.run(std::move(work));
        } catch (const QueueFull&) {
            ++refused;
            if (refused == 2) release.set_value();
        }
    };
    asio::co_spawn(context, blocker(), asio::detached);
    context.poll();
    running.get_future().wait();
    for (int i = 0; i < 5; ++i) asio::co_spawn(context, ask(), asio::detached);
    context.run();
    CHECK(done == 3);
    CHECK(refused == 2);
}

TEST_CASE_FIXTURE(Database, "a stop finishes the query under way and answers those that wait") {
    options.reader_count = 1;
    ReadDatabase database(options);
    asio::io_context context;
    std::promise<void> running, release;
    auto released = release.get_future().share();
    int done = 0, stopped = 0;
    auto blocker = [&]() -> asio::awaitable<void> {
        auto work = [&running, released](Session&) {
            running.set_value();
            released.wait();
            return 1;
        };
        done += co_await database.run(std::move(work));
    };
    auto ask = [&]() -> asio::awaitable<void> {
        auto work = [](Session&) { return 1; };
        try {
            done += co_await database.run(std::move(work));
        } catch (const Stopped&) {
            ++stopped;
        }
    };
    asio::co_spawn(context, blocker(), asio::detached);
    asio::co_spawn(context, ask(), asio::detached);
    context.poll();
    running.get_future().wait();
    CHECK(database.queue_count() == 1);
    std::thread stopper([&] { database.stop(); });
    release.set_value();
    stopper.join();
    asio::co_spawn(context, ask(), asio::detached);
    context.run();
    CHECK(done + stopped == 3);
    CHECK(done >= 1);
    CHECK(stopped >= 1);
}

TEST_CASE_FIXTURE(Database, "many queries from many threads each come back once") {
    ReadDatabase database(options);
    constexpr int thread_count = 3, each = 500;
    std::atomic<int> sum{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < thread_count; ++t)
        threads.emplace_back([&] {
            asio::io_context context(1);
            auto ask = [&](int n) -> asio::awaitable<void> {
                auto work = [n](Session& session) { return session.value<int>("SELECT $1", n).value(); };
                sum += co_await database.run(std::move(work));
            };
            for (int i = 0; i < each; ++i) asio::co_spawn(context, ask(1), asio::detached);
            context.run();
        });
    for (auto& thread : threads) thread.join();
    CHECK(sum == thread_count * each);
}

}  // namespace
}  // namespace dacapo::sql
