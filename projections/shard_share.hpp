// Which shards of a cluster this worker projects; the other workers have the rest. Told by the group's
// thread, asked by the worker's.
#pragma once

#include "infra/log/frontier.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <vector>

namespace dacapo {

class ShardShare {
public:
    // Until then all of them.
    void set(std::vector<int> shards) {
        {
            const std::lock_guard lock(mutex_);
            shards_ = std::move(shards);
        }
        changed_ = true;
    }
    // Since this was asked last: what others have written of them meanwhile must be read first.
    bool take_change() { return changed_.exchange(false); }

    // With the shards that other workers have as far as said.
    Frontier without_others(Frontier frontier, Position others_at) const {
        const std::lock_guard lock(mutex_);
        if (!shards_ || frontier.is_one_sequence()) return frontier;
        for (int shard = 0; shard < std::ssize(frontier.places()); ++shard)
            if (std::ranges::find(*shards_, shard) == shards_->end()) frontier.advance(shard, others_at);
        return frontier;
    }

private:
    mutable std::mutex mutex_;
    std::optional<std::vector<int>> shards_;
    std::atomic<bool> changed_{false};
};

}  // namespace dacapo
