// The way of an attempt at a password to the costly hash: at once, after those that are under way, or not at
// all. Here because guesses sent all at once must not pass for one another before the first of them has
// failed.
#pragma once

#include "command/login_failures.hpp"
#include "infra/clock.hpp"

#include <boost/asio/awaitable.hpp>

namespace dacapo {

// How long an attempt waits for others at the same account or from the same address.
inline constexpr std::chrono::seconds login_wait_max{5};

// Keep what it gives until the attempt is known to have failed or succeeded. Throws Problem (429
// `throttled`).
boost::asio::awaitable<LoginFailures::UnderWay> admitted(LoginFailures& failures, const Clock& clock,
                                                         LoginFailures::Attempt attempt);

}  // namespace dacapo
