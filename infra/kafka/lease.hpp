// Who should write which shard: the members of a consumer group over the empty topic `<name>.shard-lease`
// divide its partitions. Only a hint, made for liveness: two members may believe they have the same shard,
// and the log decides.
#pragma once

#include "infra/kafka/properties.hpp"
#include "infra/kafka/url.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace dacapo {

struct ShardLeaseOptions {
    KafkaUrl url;
    kafka::Properties properties;
    std::string group;  // command servers share one, projector workers another
};

// Both are called on the lease's own thread, one after the other, never at the same time.
struct ShardLeaseCalls {
    // The whole new assignment, in order, whenever it changes. A revocation alone is not told: its members
    // serve on until they know what they have kept.
    std::function<void(std::vector<int> shards)> assigned;
    // The group has gone on without us (a pause longer than the session): the shards may have writers
    // already. The next assigned() follows when we are back.
    std::function<void()> lost;
};

class ShardLease {
public:
    // Joins in the background. Throws std::runtime_error for settings that librdkafka refuses.
    ShardLease(const ShardLeaseOptions& options, ShardLeaseCalls calls);
    // Leaves the group, so that the others need not wait for the session's end. Blocks for some seconds at
    // most.
    ~ShardLease();

private:
    class Member;
    std::unique_ptr<Member> member_;
};

}  // namespace dacapo
