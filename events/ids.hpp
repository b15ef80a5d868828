// The identifiers and the instant that every layer shares, as types that cannot be mixed up.
// Standard library only, because events/ and domain/ must not know where ids are stored or shown.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <functional>

namespace dacapo {

// An integer id below 2^53 (a JSON number holds it exactly). Zero is "none".
template <class Tag>
struct Id {
    std::int64_t value = 0;

    explicit operator bool() const { return value != 0; }
    auto operator<=>(const Id&) const = default;
};

using UserId = Id<struct UserTag>;
using SessionId = Id<struct SessionTag>;
using GatheringId = Id<struct GatheringTag>;
using ConversationId = Id<struct ConversationTag>;
using MessageId = Id<struct MessageTag>;
using CheckInId = Id<struct CheckInTag>;
using InstrumentId = Id<struct InstrumentTag>;
using GenreId = Id<struct GenreTag>;

inline constexpr std::int64_t id_limit = std::int64_t{1} << 53;

// UTC, to the millisecond. The order of facts is told by positions, never by these.
using Timestamp = std::chrono::sys_time<std::chrono::milliseconds>;

}  // namespace dacapo

template <class Tag>
struct std::hash<dacapo::Id<Tag>> {
    std::size_t operator()(dacapo::Id<Tag> id) const noexcept {
        // Fibonacci hashing: ids of one shard differ by the shard count, which identity hashing would
        // cluster.
        return static_cast<std::size_t>(static_cast<std::uint64_t>(id.value) * 0x9E3779B97F4A7C15ULL);
    }
};
