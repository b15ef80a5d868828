// An I/O thread as the listener has them, and the waiting for its coroutines within a deadline.
// Tests of everything that suspends run on it.
#pragma once

#include "infra/http/problem.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
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

    IoThread();
    ~IoThread();

    template <class Result>
    Answer<Result> begin(boost::asio::awaitable<Result> work) {
        auto promise = std::make_shared<std::promise<Outcome<Result>>>();
        auto answer = promise->get_future();
        spawn(fulfil(std::move(work), std::move(promise)));
        return answer;
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
    void drain();

    boost::asio::io_context context{1};

private:
    // The only place that starts coroutines, since each kind of start costs the compiler seconds.
    void spawn(boost::asio::awaitable<void> work);
    // Work that is dropped unfinished breaks the promise.
    template <class Result>
    static boost::asio::awaitable<void> fulfil(boost::asio::awaitable<Result> work,
                                               std::shared_ptr<std::promise<Outcome<Result>>> promise) {
        try {
            Outcome<Result> outcome;
            try {
                if constexpr (std::is_void_v<Result>)
                    co_await std::move(work);
                else
                    outcome.result = co_await std::move(work);
            } catch (const http::Problem& problem) {
                outcome.problem = problem;
            }
            promise->set_value(std::move(outcome));
        } catch (...) {
            promise->set_exception(std::current_exception());
        }
    }

    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{context.get_executor()};
    std::thread thread_;
};

}  // namespace dacapo::testing
