// How often whom: the policies of RATE_LIMIT, and who is counted under which. Per server, in memory; the
// throttle of passwords (command/login_failures.hpp) is the one that outlives it.
#pragma once

#include "infra/clock.hpp"
#include "infra/http/rate_limit.hpp"
#include "infra/http/route.hpp"
#include "infra/metrics.hpp"

#include <cstddef>
#include <optional>

namespace dacapo {

// How many connections there may be at once when the process may open this many files and sockets: always
// enough is left for the log, the read models (two files and a socket for each reader), brokers, other
// servers and the files of a snapshot.
std::size_t connections_max(std::size_t descriptors, std::size_t thread_count);

class RequestLimits {
public:
    static constexpr std::chrono::seconds window{60};
    static constexpr std::uint32_t user_commands_max = 600;
    // Without a token that holds, by address. Registering, logging in and refreshing are the commands among
    // them.
    static constexpr std::uint32_t anonymous_commands_max = 120;
    static constexpr std::uint32_t anonymous_reads_max = 1200;
    // WebSockets opened: by a user, and by an address without a token that holds.
    static constexpr std::uint32_t user_handshakes_max = 120;
    static constexpr std::uint32_t anonymous_handshakes_max = 60;
    // Open at once, of one address: whole schools and festivals share one.
    static constexpr std::size_t connections_per_address_max = 2000;  // open at once, WebSockets among them
    static constexpr std::size_t sockets_per_client_max = 1000;

    RequestLimits(const Clock& clock, Metrics& metrics);

    // Nothing for what is not limited: reads with a token, and what operators ask.
    std::optional<http::RateStanding> count(const http::Route& route, const http::Request& request);
    std::optional<http::RateStanding> count_handshake(const http::Request& request);

private:
    struct Limit {
        Limit(Metrics& metrics, const char* name, std::uint32_t quota);
        std::optional<http::RateStanding> count(const std::string& client, Timestamp now);
        http::RateCounter counter;
        Counter& refused;
    };

    const Clock& clock_;
    Limit user_commands_;
    Limit anonymous_commands_;
    Limit anonymous_reads_;
    Limit user_handshakes_;
    Limit anonymous_handshakes_;
};

}  // namespace dacapo
