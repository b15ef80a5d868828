// Who and what exists, folded from all shards, so that a command of one shard can ask about users and
// gatherings of another without its lock. It may lag by milliseconds: a miss is never an answer, the shard
// named by the id is asked.
#pragma once

#include "infra/log/event_log.hpp"

#include <boost/unordered/unordered_flat_map.hpp>
#include <shared_mutex>
#include <vector>

namespace dacapo {

class Directory {
public:
    bool knows_user(UserId id) const;
    bool knows_gathering(GatheringId id) const;

    void add_user(UserId id);
    void add_gathering(GatheringId id);
    void remove_gathering(GatheringId id);
    // Takes in what has become durable.
    void fold(const LogEntry& entry);

private:
    mutable std::shared_mutex mutex_;
    std::vector<bool> users_;  // by id
    boost::unordered_flat_map<GatheringId, bool, std::hash<GatheringId>> gatherings_;
};

}  // namespace dacapo
