// Where snapshots of shards are kept: files of one process, or a table that all servers of a cluster read.
// Disposable by design: one that is damaged, of another log, of another shape of state or ahead of the log is
// discarded, and the shard is rebuilt from its records.
#pragma once

#include "command/shard_state.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dacapo {

class SnapshotStore {
public:
    virtual ~SnapshotStore() = default;

    // `position` is that of the newest record whose effects are all in `bytes`; it must be durable. Throws
    // std::runtime_error, or keeps the bytes until a thread of its own has written them.
    virtual void save(int shard, Position position, std::string bytes) = 0;
    // Nothing when there is none that this build can use; `why` then says what was wrong, or is empty.
    // Blocks.
    virtual std::optional<std::string> load(int shard, std::string& why) = 0;
    // One that is not used must not be found again when the log has grown past it.
    virtual void discard(int shard) = 0;
};

// The bytes behind one line of text that names format, log epoch, shard, fingerprint, size and SHA-256.
std::string seal_snapshot(std::string_view epoch, int shard, std::string_view bytes);
// Nothing unless it is whole, of this log and shard, and of this build's state; `why` then says what is
// wrong.
std::optional<std::string> unseal_snapshot(std::string_view sealed, std::string_view epoch, int shard,
                                           std::string& why);

ShardState fresh_state(int shard, int shard_count);

// The states of these shards as their snapshots have them; fresh ones of all others, and where there is none
// that can be used: then it is discarded and `unused` is told why.
using UnusedSnapshot = std::function<void(int shard, const std::string& why)>;
std::vector<ShardState> states_of_snapshots(SnapshotStore& store, const std::vector<int>& shards,
                                            int shard_count, const UnusedSnapshot& unused);

}  // namespace dacapo
