#include "command/login_admission.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace dacapo {

namespace asio = boost::asio;

namespace {

// How soon it is looked again whether those before are over; less and less often, because a flood waits here.
constexpr std::chrono::milliseconds look_first{10};
constexpr std::chrono::milliseconds look_max{160};

}  // namespace

asio::awaitable<LoginFailures::UnderWay> admitted(LoginFailures& failures, const Clock& clock,
                                                  LoginFailures::Attempt attempt) {
    if (auto place = failures.admit(attempt, clock.now())) co_return std::move(*place);
    asio::steady_timer timer(co_await asio::this_coro::executor);
    const auto deadline = std::chrono::steady_clock::now() + login_wait_max;
    for (auto look = look_first; std::chrono::steady_clock::now() < deadline;
         look = std::min(look * 2, look_max)) {
        timer.expires_after(look);
        co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
        if (auto place = failures.admit(attempt, clock.now())) co_return std::move(*place);
    }
    throw LoginFailures::throttled(std::chrono::seconds(1), {"login-account"});
}

}  // namespace dacapo
