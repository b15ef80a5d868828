// The database of read models: one connection that writes, and reader threads with a connection each.
// SQL blocks, so no I/O thread ever runs it: queries are handed to a reader and resume where they came from.
#pragma once

#include "infra/sql/session.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

namespace dacapo::sql {

struct ReadDatabaseOptions {
    std::string url;  // `sqlite:` or `postgresql:`
    std::size_t reader_count = 2;
    std::size_t queue_count_max = 4096;  // queries that wait for a reader; one more is refused
};

// No reader can be expected soon: the client is told to come again (503).
struct QueueFull : std::runtime_error {
    QueueFull() : std::runtime_error("too many queries wait for the database") {}
};

// The database has been stopped before the query ran.
struct Stopped : std::runtime_error {
    Stopped() : std::runtime_error("the database has been stopped") {}
};

class ReadDatabase {
public:
    // Creates the file when it is missing. Throws Error.
    explicit ReadDatabase(ReadDatabaseOptions options);
    ~ReadDatabase() { stop(); }
    ReadDatabase(const ReadDatabase&) = delete;
    ReadDatabase& operator=(const ReadDatabase&) = delete;

    // The one connection that writes: the projection runner's.
    Session& writer() { return writer_; }
    // A connection of the caller's own, for a thread that reads again and again. Throws Error.
    std::unique_ptr<Session> open_reader() const {
        return std::make_unique<Session>(options_.url, Use::read);
    }

    // Runs `work(Session&)` on a reader thread and resumes on the caller's executor with what it returned or
    // threw. Throws QueueFull at once, Stopped after stop().
    template <class Work>
    boost::asio::awaitable<std::invoke_result_t<Work&, Session&>> run(Work work);

    // Queries under way are finished, waiting ones get Stopped. Call it while the callers' executors still
    // exist.
    void stop();

    std::size_t queue_count() const;

private:
    struct Job {
        virtual ~Job() = default;
        virtual void run(Session& session) noexcept = 0;
        virtual void refuse(std::exception_ptr reason) noexcept = 0;
    };
    template <class Work, class Handler, class Result>
    struct Query;

    void submit(std::unique_ptr<Job> job);  // refuses it when the queue is full or the database stopped
    void read_loop(Session& session);

    ReadDatabaseOptions options_;
    Session writer_;
    std::vector<std::unique_ptr<Session>> sessions_;
    mutable std::mutex mutex_;
    std::condition_variable work_;
    std::deque<std::unique_ptr<Job>> queue_;
    std::size_t idle_count_ = 0;
    bool stopped_ = false;
    std::vector<std::thread> readers_;
};

// A void result travels as an empty value.
template <class Result>
using Carried = std::conditional_t<std::is_void_v<Result>, std::monostate, Result>;

template <class Work, class Handler, class Result>
struct ReadDatabase::Query final : ReadDatabase::Job {
    Query(Work given, Handler then)
        : work(std::move(given)),
          handler(std::move(then)),
          guard(boost::asio::get_associated_executor(handler)) {}

    void run(Session& session) noexcept override {
        std::exception_ptr error;
        std::optional<Carried<Result>> result;
        try {
            if constexpr (std::is_void_v<Result>) {
                work(session);
                result.emplace();
            } else {
                result.emplace(work(session));
            }
        } catch (...) {
            error = std::current_exception();
        }
        resume(error, std::move(result));
    }

    void refuse(std::exception_ptr reason) noexcept override { resume(reason, std::nullopt); }

    void resume(std::exception_ptr error, std::optional<Carried<Result>> result) {
        auto executor = guard.get_executor();
        auto continuation = [then = std::move(handler), error, carried = std::move(result)]() mutable {
            std::move(then)(error, std::move(carried));
        };
        boost::asio::post(executor, std::move(continuation));
    }

    Work work;
    Handler handler;
    boost::asio::executor_work_guard<boost::asio::associated_executor_t<Handler>> guard;
};

template <class Work>
boost::asio::awaitable<std::invoke_result_t<Work&, Session&>> ReadDatabase::run(Work work) {
    using Result = std::invoke_result_t<Work&, Session&>;
    using Signature = void(std::exception_ptr, std::optional<Carried<Result>>);
    // Named before it is awaited: g++ 12 frees the captures of a lambda inside the expression twice.
    auto start = [this](auto handler, Work given) {
        using Handler = std::decay_t<decltype(handler)>;
        submit(std::make_unique<Query<Work, Handler, Result>>(std::move(given), std::move(handler)));
    };
    auto result = co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, Signature>(
        std::move(start), boost::asio::use_awaitable, std::move(work));
    if constexpr (!std::is_void_v<Result>) co_return std::move(*result);
}

}  // namespace dacapo::sql
