#include "serve_authentication.hpp"

#include "infra/http/problem.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace dacapo {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::milliseconds session_look{5};

[[noreturn]] void refuse_token() {
    http::Problem problem(401, "token_invalid",
                          "The token is not valid, has expired, or its session has ended.");
    problem.headers.emplace_back("WWW-Authenticate", "Bearer error=\"invalid_token\"");
    throw problem;
}

}  // namespace

std::optional<http::Principal> Authentication::known(std::string_view token) const {
    const auto claims = tokens_.verify_cached(token, clock_.now());
    if (!claims || sessions_.standing(claims->session_id) != SessionRegistry::Standing::live)
        return std::nullopt;
    return http::Principal{claims->user_id, claims->session_id, claims->role};
}

// A session that stays unknown belongs to another log.
asio::awaitable<http::Principal> Authentication::awaited(std::string token) const {
    const auto claims = tokens_.verify_cached(token, clock_.now());
    if (!claims) refuse_token();
    asio::steady_timer timer(co_await asio::this_coro::executor);
    const auto deadline = std::chrono::steady_clock::now() + session_wait_;
    while (sessions_.standing(claims->session_id) == SessionRegistry::Standing::unknown &&
           std::chrono::steady_clock::now() < deadline) {
        timer.expires_after(session_look);
        co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    }
    if (const auto principal = known(token)) co_return *principal;
    refuse_token();
}

Timestamp Authentication::end_of(std::string_view token) const {
    const auto claims = tokens_.verify_cached(token, clock_.now());
    return claims ? claims->expires_at : clock_.now();
}

}  // namespace dacapo
