// The hash chain of each shard: hash = SHA-256(hash of the shard's record before || payload), from 32 zero
// bytes on. Writing extends the chains, reading follows them, so that a changed, missing or moved record
// shows.
#pragma once

#include "infra/log/event_log.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct evp_md_ctx_st;
struct evp_md_st;

namespace dacapo {

using RecordHash = std::array<std::uint8_t, 32>;

std::string hex_of(const RecordHash& hash);

// The newest record of one shard.
struct ChainHead {
    Position position = 0;
    std::int64_t sequence = 0;
    RecordHash hash{};

    bool operator==(const ChainHead&) const = default;
};
using ChainHeads = std::vector<ChainHead>;  // one a shard

// One row of the table of records; the views are valid while its statement stands on it.
struct StoredRow {
    Position position = 0;
    std::int64_t shard = 0;
    std::int64_t sequence = 0;
    std::string_view command_id;
    std::int64_t recorded_at_ms = 0;
    std::string_view hash;
    std::string_view payload;
};

// SHA-256 through one context that is used again. One thread at a time.
class ChainHasher {
public:
    ChainHasher();
    RecordHash next(const RecordHash& previous, std::string_view payload);

private:
    struct Free {
        void operator()(evp_md_ctx_st* context) const;
        void operator()(evp_md_st* digest) const;
    };
    std::unique_ptr<evp_md_st, Free> digest_;
    std::unique_ptr<evp_md_ctx_st, Free> context_;
};

// Follows all chains over rows in order of position. A chain met in its middle is taken up at the first row
// seen, whose own hash then cannot be checked.
class ChainCheck {
public:
    // Known heads; or none known, when reading begins somewhere in the middle.
    ChainCheck(Position after, const ChainHeads& heads);
    ChainCheck(Position after, int shard_count);

    // Empty when the row comes next and continues its chain, else what is wrong with it.
    std::string fault_of(const StoredRow& row);
    // The head of every shard, if all are known.
    std::optional<ChainHeads> heads() const;
    const std::optional<ChainHead>& head_of(std::size_t shard) const { return heads_[shard]; }

private:
    Position position_;
    std::vector<std::optional<ChainHead>> heads_;
    ChainHasher hasher_;
};

}  // namespace dacapo
