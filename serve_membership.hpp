// A command server as a member of a cluster: which shards it decides, how the others find it, and what they
// ask of it. Only where the log is shared; on the embedded log one process decides everything.
#pragma once

#include "command/neighbours.hpp"
#include "command/ownership.hpp"
#include "infra/kafka/lease.hpp"
#include "infra/kafka/owners.hpp"
#include "serve_parts.hpp"

#include <memory>
#include <vector>

namespace dacapo {

class Membership {
public:
    Membership(const ServerNeeds& needs, Shards& shards);

    // Joins the group: shards come when it has been divided.
    void start();
    // Gives the shards back and leaves, so that the others need not wait for the session's end.
    void stop();

    // These, sent on to the owner of their shard where that is somebody else, and the route that the others
    // ask by.
    std::vector<http::Route> routes(std::vector<http::Route> own);

    void close_connections() { neighbours_.close_connections(); }

    bool is_settled() const { return ownership_.is_settled(); }
    std::vector<int> owned() const { return ownership_.owned(); }

private:
    const Config& config_;
    ShardOwners owners_;
    Neighbours neighbours_;
    Ownership ownership_;
    std::unique_ptr<ShardLease> lease_;
};

}  // namespace dacapo
