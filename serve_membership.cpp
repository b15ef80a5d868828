#include "serve_membership.hpp"

#include "command/title_claims.hpp"

namespace dacapo {
namespace {

OwnershipOptions ownership_options(const ServerNeeds& needs, ShardOwners& owners) {
    OwnershipOptions made;
    made.announce = [&owners, url = needs.config.advertised_url](int shard, std::int64_t term) {
        owners.announce(shard, url, term);
    };
    made.on_warning = [&lines = needs.lines](const std::string& what) {
        lines.warn("shards", {{"warning", what}});
    };
    return made;
}

}  // namespace

Membership::Membership(const ServerNeeds& needs, Shards& shards)
    : config_(needs.config),
      owners_({*config_.event_log_kafka, config_.kafka_properties}),
      neighbours_(
          config_.cluster_secret, config_.advertised_url, [this](int shard) { return owners_.url_of(shard); },
          needs.clock),
      ownership_(*needs.log.kafka, shards, ownership_options(needs, owners_)) {
    shards.join(neighbours_);
    answer_title_questions(shards, neighbours_);
}

void Membership::start() {
    ownership_.start();
    ShardLeaseCalls calls;
    calls.assigned = [this](std::vector<int> shards) { ownership_.assign(std::move(shards)); };
    // What is decided here stays decided here until somebody takes it: the log says when.
    calls.lost = [] {};
    lease_ =
        std::make_unique<ShardLease>(ShardLeaseOptions{*config_.event_log_kafka, config_.kafka_properties,
                                                       config_.event_log_kafka->name + ".command"},
                                     calls);
}

void Membership::stop() {
    ownership_.stop();
    lease_.reset();
}

std::vector<http::Route> Membership::routes(std::vector<http::Route> own) {
    auto routes = forwarding(std::move(own), neighbours_);
    routes.push_back(neighbours_.route());
    return routes;
}

}  // namespace dacapo
