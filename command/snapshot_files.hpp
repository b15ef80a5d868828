// Snapshots as files `shard-07.snapshot` in a folder: of the process that has the log to itself.
#pragma once

#include "command/snapshot_store.hpp"

#include <filesystem>

namespace dacapo {

class SnapshotFiles final : public SnapshotStore {
public:
    SnapshotFiles(std::filesystem::path folder, std::string epoch);

    // Written beside, synced and renamed, so that a crash leaves the old one.
    void save(int shard, Position position, std::string bytes) override;
    std::optional<std::string> load(int shard, std::string& why) override;
    void discard(int shard) override;

private:
    std::filesystem::path file_of(int shard) const;

    std::filesystem::path folder_;
    std::string epoch_;
};

}  // namespace dacapo
