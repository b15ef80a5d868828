// A place in one shard's part of the log, from 1 on. In the embedded log all shards count in one sequence.
#pragma once

#include <cstdint>

namespace dacapo {

using Position = std::int64_t;

// Behind every record: a shard of which nothing is wanted is said to have been read up to here.
inline constexpr Position position_unreachable = Position{1} << 53;

}  // namespace dacapo
