// Makes the topics of an installation, once, and refuses ones that would lose events.
// Kafka's own defaults (created on first use, deleted after a week) are exactly what an event log must not
// have.
#pragma once

#include "infra/kafka/properties.hpp"
#include "infra/kafka/url.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace dacapo {

struct KafkaTopicsOptions {
    KafkaUrl url;
    kafka::Properties properties;
    int shard_count = 16;
    int replication_factor = 1;   // KAFKA_REPLICATION_FACTOR
    int min_insync_replicas = 1;  // KAFKA_MIN_INSYNC_REPLICAS
    std::chrono::milliseconds patience{30'000};
};

// Makes what is missing of `<name>.events`, `.shard-lease`, `.shard-owners` and `.integration`, and founds
// the log (see founding.hpp). May be repeated. Answers with what was done, a sentence each. Throws LogRefused
// when the events topic is there with another partition count, a retention or a cleanup policy other than
// ours, or when the brokers refuse.
std::vector<std::string> migrate_kafka(const KafkaTopicsOptions& options);

}  // namespace dacapo
