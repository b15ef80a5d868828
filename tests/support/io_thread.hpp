// An I/O thread as the listener has them, and the waiting for its coroutines within a deadline.
// Tests of everything that suspends run on it.
#pragma once

#include "infra/http/problem.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>
#include <type_traits>
#include <utility>

namespace dacapo::testing {

// What a coroutine came to. A problem is handed over as a value: ThreadSanitizer cannot see the reference
// count of an exception that two threads share.
template <class Result>
struct Outcome {
    std::optional<std::conditional_t<std::is_void_v<Result>, bool, Result>> result;
    std::optional<http::Problem> problem;
};
template <class Result>
using Answer = std::future<Outcome<Result>>;

// One io_context with its one thread, as the listener has them.
class IoThread {
public:
    static constexpr std::chrono::seconds patience{20};

    IoThread() : thread_([this] { context.run(); }) {}
    ~IoThread() {
        work_.reset();
        context.stop();
        thread_.join();
    }

    template <class Result>
    Answer<Result> begin(boost::asio::awaitable<Result> work) {
        return boost::asio::co_spawn(context, outcome_of(std::move(work)), boost::asio::use_future);
    }
    // Throws http::Problem when that is the answer.
    template <class Result>
    static Result result_of(Answer<Result>& answer) {
        if (answer.wait_for(patience) != std::future_status::ready)
            throw std::runtime_error("no answer came");
        auto outcome = answer.get();
        if (outcome.problem) throw std::move(*outcome.problem);
        if constexpr (!std::is_void_v<Result>) return std::move(*outcome.result);
    }
    template <class Result>
    Result run(boost::asio::awaitable<Result> work) {
        auto answer = begin(std::move(work));
        return result_of(answer);
    }

    // Until everything begun before has run as far as it can.
    void drain() {
        const auto reached = std::make_shared<std::promise<void>>();
        boost::asio::post(context, [reached] { reached->set_value(); });
        if (reached->get_future().wait_for(patience) != std::future_status::ready)
            throw std::runtime_error("the thread is stuck");
    }

    boost::asio::io_context context{1};

private:
    template <class Result>
    static boost::asio::awaitable<Outcome<Result>> outcome_of(boost::asio::awaitable<Result> work) {
        Outcome<Result> outcome;
        try {
            if constexpr (std::is_void_v<Result>)
                co_await std::move(work);
            else
                outcome.result = co_await std::move(work);
        } catch (const http::Problem& problem) {
            outcome.problem = problem;
        }
        co_return outcome;
    }

    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{context.get_executor()};
    std::thread thread_;
};

}  // namespace dacapo::testing
