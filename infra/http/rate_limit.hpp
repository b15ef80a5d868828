// How often somebody may ask: counters of fixed windows, in a table of fixed size, and the fields that tell
// clients where they stand (draft-ietf-httpapi-ratelimit-headers). Here because one client must not be able
// to take the server away from all others, or the memory with it.
#pragma once

#include "events/fields.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace dacapo::http {

struct Response;
struct Problem;

struct RatePolicy {
    std::string_view name;  // as clients see it
    std::uint32_t quota = 0;
    std::chrono::seconds window{60};
};

// Where one client stands after a request was counted.
struct RateStanding {
    RatePolicy policy;
    std::uint32_t remaining = 0;
    std::chrono::seconds reset{};  // until the quota is whole again, rounded up
    bool exceeded = false;         // this request was one too many
};

// `RateLimit-Policy` and `RateLimit`; not beside a `Retry-After` that speaks of something else.
void add_rate_fields(const RateStanding& standing, Response& response);
// 429 with `Retry-After`: never before the reset, and a few seconds apart so that not all clients come back
// at once.
Problem rate_exceeded(const RateStanding& standing, std::uint32_t jitter);

// Counts requests of clients under one policy. A window begins with a client's first request, so that the
// windows of different clients do not end together. Any thread.
class RateCounter {
public:
    // At most `clients_max` are remembered (rounded up to a power of two). When there are more, whoever has
    // asked least among a few is forgotten: a flood of addresses cannot make the counter forget those that
    // ask most.
    explicit RateCounter(RatePolicy policy, std::size_t clients_max = 65'536);

    // `client`: any text that names one, for example "user 7".
    RateStanding count(std::string_view client, Timestamp now);

private:
    struct Entry {
        std::uint64_t client = 0;  // keyed hash; 0: free
        Timestamp began;
        std::uint32_t count = 0;
    };
    static constexpr std::size_t ways = 8;
    struct Set {
        std::mutex mutex;
        std::array<Entry, ways> entries;
    };

    Entry& entry_of(Set& set, std::uint64_t client, Timestamp now) const;

    const RatePolicy policy_;
    const std::string key_;  // random: nobody outside can choose clients that fall on one another
    std::size_t set_count_;
    std::unique_ptr<Set[]> sets_;
};

}  // namespace dacapo::http
