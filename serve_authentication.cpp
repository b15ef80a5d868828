#include "serve_authentication.hpp"

#include "infra/http/bearer.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace dacapo {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::milliseconds session_look{5};

}  // namespace

void refuse_token() {
    throw http::token_invalid("The token is not valid, has expired, or its session has ended.");
}

std::optional<http::Principal> Authentication::known(std::string_view token) const {
    const auto claims = tokens_.verify_cached(token, clock_.now());
    if (!claims || !lives(claims->session_id)) return std::nullopt;
    return http::Principal{claims->user_id, claims->session_id, claims->role};
}

asio::awaitable<http::Principal> Authentication::awaited(std::string token) const {
    const auto claims = tokens_.verify_cached(token, clock_.now());
    if (!claims) refuse_token();
    const bool lives = co_await session_lives(claims->session_id);
    if (!lives) refuse_token();
    if (const auto principal = known(token)) co_return *principal;
    refuse_token();
}

// A session that stays unknown belongs to another log.
asio::awaitable<bool> Authentication::session_lives(SessionId session) const {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    const auto deadline = std::chrono::steady_clock::now() + session_wait_;
    while (sessions_.standing(session) == SessionRegistry::Standing::unknown &&
           std::chrono::steady_clock::now() < deadline) {
        timer.expires_after(session_look);
        co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    }
    co_return lives(session);
}

Timestamp Authentication::end_of(std::string_view token) const {
    const auto claims = tokens_.verify_cached(token, clock_.now());
    return claims ? claims->expires_at : clock_.now();
}

}  // namespace dacapo
