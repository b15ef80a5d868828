#include "serve_limits.hpp"

#include "infra/client_address.hpp"
#include "infra/http/limits.hpp"

#include <algorithm>

namespace dacapo {

namespace {

std::string name_of(const http::Principal& principal) {
    return "user " + std::to_string(principal.user_id.value);
}

constexpr std::size_t descriptors_kept = 128;
constexpr std::size_t descriptors_kept_per_thread = 8;

}  // namespace

std::size_t connections_max(std::size_t descriptors, std::size_t thread_count) {
    const auto kept = descriptors_kept + descriptors_kept_per_thread * thread_count;
    const auto left = descriptors - std::min(kept, descriptors / 2);
    return std::min(left, http::Limits{}.connection_count_max);
}

RequestLimits::Limit::Limit(Metrics& metrics, const char* name, std::uint32_t quota)
    : counter({name, quota, window}),
      refused(metrics.counter("dacapo_rate_limited_total", "Requests refused with 429 by a rate limit",
                              {{"policy", name}})) {}

std::optional<http::RateStanding> RequestLimits::Limit::count(const std::string& client, Timestamp now) {
    const auto standing = counter.count(client, now);
    if (standing.exceeded) refused.add();
    return standing;
}

RequestLimits::RequestLimits(const Clock& clock, Metrics& metrics)
    : clock_(clock),
      user_commands_(metrics, "user-commands", user_commands_max),
      anonymous_commands_(metrics, "anonymous-commands", anonymous_commands_max),
      anonymous_reads_(metrics, "anonymous-reads", anonymous_reads_max),
      user_handshakes_(metrics, "user-handshakes", user_handshakes_max),
      anonymous_handshakes_(metrics, "anonymous-handshakes", anonymous_handshakes_max) {}

std::optional<http::RateStanding> RequestLimits::count(const http::Route& route,
                                                       const http::Request& request) {
    if (!route.counted || route.internal) return std::nullopt;
    const auto now = clock_.now();
    if (request.principal) {
        if (!route.command) return std::nullopt;
        return user_commands_.count(name_of(*request.principal), now);
    }
    auto& limit = route.command ? anonymous_commands_ : anonymous_reads_;
    return limit.count(network_of(request.remote_address), now);
}

std::optional<http::RateStanding> RequestLimits::count_handshake(const http::Request& request) {
    const auto now = clock_.now();
    if (request.principal) return user_handshakes_.count(name_of(*request.principal), now);
    return anonymous_handshakes_.count(network_of(request.remote_address), now);
}

}  // namespace dacapo
