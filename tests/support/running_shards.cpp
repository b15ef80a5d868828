#include "tests/support/running_shards.hpp"

#include "command/snapshot.hpp"
#include "command/snapshot_files.hpp"

#include <map>

namespace dacapo::testing {

RunningShards::RunningShards(EventLog& log, const TemporaryFolder& folder, const Clock& clock,
                             std::chrono::milliseconds gather)
    : clock_(clock), shards(log, clock, options(folder, log.epoch(), 1'000'000, 0, gather)) {
    shards.load();
    shards.start();
}

RunningShards::RunningShards(EventLog& log, const TemporaryFolder& folder, const Clock& clock,
                             std::size_t snapshot_every_records, std::uintmax_t room_bytes_min)
    : clock_(clock),
      shards(log, clock, options(folder, log.epoch(), snapshot_every_records, room_bytes_min)) {
    shards.load();
    shards.start();
}

std::vector<std::string> RunningShards::told() {
    const std::lock_guard lock(mutex_);
    return told_;
}

std::string RunningShards::state_of(int shard) {
    return shards.at(shard).peek([](const ShardState& state) { return comparable(state); });
}

std::string RunningShards::all_states() {
    std::string all;
    for (int i = 0; i < shards.count(); ++i) all += state_of(i);
    return all;
}

std::string RunningShards::comparable(ShardState state) {
    std::string text;
    const auto one_by_one = [&](auto ShardState::*map) {
        std::map<std::string, bool> entries;
        for (auto& [key, value] : state.*map) {
            ShardState alone;
            (alone.*map).emplace(key, value);
            entries[encode_snapshot(alone)] = true;
        }
        (state.*map).clear();
        for (const auto& [bytes, unused] : entries) text += bytes;
    };
    one_by_one(&ShardState::titles);
    one_by_one(&ShardState::check_ins);
    one_by_one(&ShardState::emails);
    one_by_one(&ShardState::usernames);
    state.position = 0;
    return text + encode_snapshot(state);
}

ShardsOptions RunningShards::options(const TemporaryFolder& folder, const std::string& epoch,
                                     std::size_t snapshot_every_records, std::uintmax_t room_bytes_min,
                                     std::chrono::milliseconds gather) {
    ShardsOptions made;
    made.gather = gather;
    made.snapshots = std::make_shared<SnapshotFiles>(folder / "snapshots", epoch);
    made.log_folder = folder.path();
    made.room_bytes_min = room_bytes_min;
    made.snapshot_every_records = snapshot_every_records;
    made.on_warning = [this](const std::string& what) { tell("warning: " + what); };
    made.on_broken = [this](const std::string& what) { tell("broken: " + what); };
    return made;
}

void RunningShards::tell(std::string what) {
    const std::lock_guard lock(mutex_);
    told_.push_back(std::move(what));
}

}  // namespace dacapo::testing
