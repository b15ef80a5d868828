// Where a server begins to read a log on Kafka, so that its start does not read what its roles know already:
// a command server the snapshots of the shards, the others how far the read models are. Asked by the log as
// soon as it knows its epoch. The embedded log is read by position anyway; there only the snapshots are from
// here.
#pragma once

#include "command/snapshot_store.hpp"
#include "infra/clock.hpp"
#include "infra/config.hpp"
#include "infra/log_lines.hpp"
#include "infra/session_registry.hpp"
#include "serve.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace dacapo {

class LogStart {
public:
    LogStart(const Config& config, Roles roles, LogLines& lines, const Clock& clock)
        : config_(config), roles_(roles), lines_(lines), clock_(clock) {}

    // A place for each shard, before everything that one of the roles still has to read. The log need not
    // reach it.
    Frontier propose(const std::string& epoch, int shard_count);

    // Of the log with this epoch; the same one each time.
    std::shared_ptr<SnapshotStore> snapshots(const std::string& epoch);
    // What propose() has read, for Shards::load(); empty without it.
    std::vector<ShardState> take_states() { return std::move(states_); }
    // Opens and ends in the registry what propose() has read of sessions; the answer is up to where they are
    // known.
    Position tell_sessions(const EventLog& log, SessionRegistry& sessions);

private:
    Frontier read_shards(const std::string& epoch, int shard_count);
    Frontier tables_passed(const std::string& epoch, int shard_count) const;
    Position read_accounts(const std::string& epoch, int shard_count);

    const Config& config_;
    const Roles roles_;
    LogLines& lines_;
    const Clock& clock_;
    std::shared_ptr<SnapshotStore> snapshots_;
    std::vector<ShardState> states_;
    std::optional<ShardState> accounts_;
};

}  // namespace dacapo
