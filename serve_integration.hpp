// The feed for other systems of a projector on a cluster: the events of its shards, to the topic
// `<name>.integration`.
#pragma once

#include "infra/kafka/integration_topic.hpp"
#include "projections/integration.hpp"
#include "serve_parts.hpp"

namespace dacapo {

class IntegrationSide {
public:
    // The log must be on Kafka.
    explicit IntegrationSide(const ServerNeeds& needs);

    void start() { integration_.start(); }
    void stop() { integration_.stop(); }
    void publish_only(std::vector<int> shards) { integration_.publish_only(std::move(shards)); }

private:
    IntegrationTopic topic_;
    Integration integration_;
};

}  // namespace dacapo
