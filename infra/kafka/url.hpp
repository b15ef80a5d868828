// `kafka://host:9092,host2:9092/name`: where the brokers are and what the topics of one installation are
// called. Here because the event log, its lease, its owners and the migration all begin with it.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace dacapo {

struct KafkaUrl {
    std::string brokers;  // `host:9092,host2:9092`; a host without a port gets 9092
    std::string name;     // letters, digits, `.`, `_` and `-`, at most 200

    std::string events_topic() const { return name + ".events"; }
    std::string lease_topic() const { return name + ".shard-lease"; }
    std::string owners_topic() const { return name + ".shard-owners"; }
    std::string integration_topic() const { return name + ".integration"; }
    std::string text() const { return "kafka://" + brokers + '/' + name; }

    bool operator==(const KafkaUrl&) const = default;
};

inline constexpr std::string_view kafka_scheme = "kafka://";

// Throws std::invalid_argument whose text says what the value must be ("must be kafka://HOST:PORT/NAME ...").
KafkaUrl parse_kafka_url(std::string_view text);

}  // namespace dacapo
