#include "serve_integration.hpp"

namespace dacapo {
namespace {

IntegrationOptions integration_options(const ServerNeeds& needs, IntegrationTopic& topic) {
    IntegrationOptions made;
    made.database_url = needs.config.database_url;
    // The same for all servers of an installation, wherever they are reached.
    made.source = '/' + needs.config.event_log_kafka->name;
    made.publish = [&topic](std::span<const CloudEvent> events, const std::atomic<bool>& stopping) {
        return topic.publish(events, stopping);
    };
    made.trouble = [&lines = needs.lines](std::string_view what) {
        lines.error("integration", {{"error", what}});
    };
    return made;
}

}  // namespace

IntegrationSide::IntegrationSide(const ServerNeeds& needs)
    : topic_(*needs.config.event_log_kafka, needs.config.kafka_properties),
      integration_(needs.log.log(), integration_options(needs, topic_)) {
    // None until the group has divided them.
    integration_.publish_only({});
    needs.metrics.gauge_from("dacapo_integration_lag_records",
                             "Records of this server's shards that other systems have not got",
                             [this] { return static_cast<double>(integration_.lag_records()); });
}

}  // namespace dacapo
