// A shard's state as bytes, so that a restart replays only what came after. Disposable by design: a snapshot
// that is damaged, of another log or of another shape of state is discarded and the shard is rebuilt from its
// first record.
#pragma once

#include "command/shard_state.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace dacapo {

// A hash over the names and types of every field of the state and the evolve versions of the aggregates.
std::string state_fingerprint();

// The state as bytes; it must rest on durable records alone.
std::string encode_snapshot(const ShardState& state);
// Throws std::runtime_error on bytes that are not such a state.
void decode_snapshot(std::string_view bytes, ShardState& state);

// Files `shard-07.snapshot`: one line of text that names format, log epoch, fingerprint, size and SHA-256,
// then the bytes.
class SnapshotStore {
public:
    SnapshotStore(std::filesystem::path folder, std::string epoch);

    // Written beside, synced and renamed, so that a crash leaves the old one. Throws std::runtime_error.
    void save(int shard, std::string_view bytes) const;
    // Nothing when there is none that this build can use; `why` then says what was wrong, or is empty.
    std::optional<std::string> load(int shard, std::string& why) const;
    // One that is not used must not be found again when the log has grown past it.
    void discard(int shard) const;

private:
    std::filesystem::path file_of(int shard) const;

    std::filesystem::path folder_;
    std::string epoch_;
};

}  // namespace dacapo
