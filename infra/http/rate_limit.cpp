#include "infra/http/rate_limit.hpp"

#include "infra/crypto/digest.hpp"
#include "infra/http/message.hpp"
#include "infra/http/problem.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace dacapo::http {
namespace {

constexpr std::uint32_t jitter_s_max = 3;

std::string random_key() {
    const auto bytes = random_bytes<16>();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string item(const RateStanding& standing) { return '"' + std::string(standing.policy.name) + '"'; }

}  // namespace

void add_rate_fields(const RateStanding& standing, Response& response) {
    if (response.status >= 300 && response.status < 400)
        return;  // Of a redirect or a 304 they say nothing of use.
    // Who is told to come back for another reason, perhaps sooner, must not be told two times.
    const auto is_retry = [](const auto& field) { return field.first == "Retry-After"; };
    if (!standing.exceeded && std::ranges::any_of(response.headers, is_retry)) return;
    response.set_header("RateLimit-Policy", item(standing) + ";q=" + std::to_string(standing.policy.quota) +
                                                ";w=" + std::to_string(standing.policy.window.count()));
    response.set_header("RateLimit", item(standing) + ";r=" + std::to_string(standing.remaining) +
                                         ";t=" + std::to_string(standing.reset.count()));
}

Problem rate_exceeded(const RateStanding& standing, std::uint32_t jitter) {
    Problem problem(429, "rate_limited", "Too many requests. Wait, then go on more slowly.");
    problem.headers.emplace_back(
        "Retry-After",
        std::to_string(standing.reset.count() + static_cast<std::int64_t>(jitter % (jitter_s_max + 1))));
    problem.violated_policies.emplace_back(standing.policy.name);
    return problem;
}

RateCounter::RateCounter(RatePolicy policy, std::size_t clients_max)
    : policy_(policy),
      key_(random_key()),
      set_count_(std::bit_ceil(std::max<std::size_t>(clients_max / ways, 1))),
      sets_(std::make_unique<Set[]>(set_count_)) {}

RateCounter::Entry& RateCounter::entry_of(Set& set, std::uint64_t client, Timestamp now) const {
    const auto found = std::ranges::find(set.entries, client, &Entry::client);
    if (found != set.entries.end()) return *found;
    const auto worth = [&](const Entry& entry) {
        return entry.client == 0 || now - entry.began >= policy_.window ? 0U : entry.count;
    };
    auto& least = *std::ranges::min_element(set.entries, {}, worth);
    least = {client, now, 0};
    return least;
}

RateStanding RateCounter::count(std::string_view client, Timestamp now) {
    const auto digest = sha256(key_ + std::string(client));
    std::uint64_t hash = 0;
    std::memcpy(&hash, digest.data(), sizeof hash);
    hash |= 1;  // 0 is nobody.
    auto& set = sets_[(hash >> 1) % set_count_];
    const std::lock_guard lock(set.mutex);
    auto& entry = entry_of(set, hash, now);
    // Also when the clock was put back behind the beginning.
    if (now - entry.began >= policy_.window || now < entry.began) entry = {hash, now, 0};
    RateStanding standing{policy_, 0, {}, false};
    standing.exceeded = entry.count >= policy_.quota;
    if (!standing.exceeded) ++entry.count;
    standing.remaining = policy_.quota - entry.count;
    standing.reset = std::chrono::ceil<std::chrono::seconds>(entry.began + policy_.window - now);
    return standing;
}

}  // namespace dacapo::http
