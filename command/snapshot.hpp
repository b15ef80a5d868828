// A shard's state as bytes, so that a restart replays only what came after. Where they are kept, and when
// they are not to be used, stands in snapshot_store.hpp.
#pragma once

#include "command/shard_state.hpp"

#include <string>
#include <string_view>

namespace dacapo {

// A hash over the names and types of every field of the state and the evolve versions of the aggregates.
std::string state_fingerprint();

// The state as bytes; it must rest on durable records alone.
std::string encode_snapshot(const ShardState& state);
// Throws std::runtime_error on bytes that are not such a state.
void decode_snapshot(std::string_view bytes, ShardState& state);

}  // namespace dacapo
