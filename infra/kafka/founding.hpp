// What makes a log this log and no other: a record that `migrate` writes first into partition 0, with a
// random epoch and the number of shards. In the log itself, because librdkafka 2.0.2 does not tell a topic's
// id, and because so it is copied with the log and gone with it.
#pragma once

#include "infra/kafka/log_messages.hpp"
#include "infra/log/event_log.hpp"

#include <chrono>
#include <optional>

namespace dacapo::kafka {

// No broker answers, or not in time; one may later.
struct BrokersAway : LogRefused {
    using LogRefused::LogRefused;
};

// Nothing when the events topic is empty. Throws BrokersAway, and LogRefused when its first record is another
// one, when its number of partitions is not that of its founding, and when there is no such topic.
std::optional<FoundingMessage> read_founding(const KafkaUrl& url, const Properties& properties,
                                             std::chrono::milliseconds patience);

// Founds the log unless it is founded: of two that try, whoever comes first in the log has. Throws
// LogRefused.
FoundingMessage found_log(const KafkaUrl& url, const Properties& properties,
                          std::chrono::milliseconds patience);

}  // namespace dacapo::kafka
