// Which shard an aggregate lives in, and how an id names its shard without a look-up.
// The hash is our own, with test vectors, because a placement can never change once events are stored.
#pragma once

#include "events/ids.hpp"

#include <cstdint>
#include <string_view>

namespace dacapo {

inline constexpr int shard_count_default = 16;
// Accounts and the catalogue (and later the CRM) live together, so that one writer decides about uniqueness.
inline constexpr int account_shard = 0;

// FNV-1a over the bytes, finished with the 64-bit mix of MurmurHash3 so that low bits are as good as high
// ones.
constexpr std::uint64_t stable_hash(std::string_view bytes) {
    std::uint64_t hash = 0xCBF29CE484222325ULL;
    for (const char byte : bytes) {
        hash ^= static_cast<unsigned char>(byte);
        hash *= 0x100000001B3ULL;
    }
    hash ^= hash >> 33;
    hash *= 0xFF51AFD7ED558CCDULL;
    hash ^= hash >> 33;
    hash *= 0xC4CEB9FE1A85EC53ULL;
    hash ^= hash >> 33;
    return hash;
}

constexpr int shard_of_key(std::string_view key, int shard_count) {
    return static_cast<int>(stable_hash(key) % static_cast<std::uint64_t>(shard_count));
}

// For numbered aggregates other than accounts and sessions: id = sequence * shard_count + shard.
constexpr std::int64_t make_id(std::int64_t sequence, int shard, int shard_count) {
    return sequence * shard_count + shard;
}
constexpr int shard_of_id(std::int64_t id, int shard_count) { return static_cast<int>(id % shard_count); }
constexpr std::int64_t sequence_of_id(std::int64_t id, int shard_count) { return id / shard_count; }

int shard_of_title(std::string_view folded_title, int shard_count);
int shard_of_pair(UserId one, UserId other,
                  int shard_count);                   // of a direct conversation; order does not matter
int shard_of_person(UserId person, int shard_count);  // of a person's check-in

}  // namespace dacapo
