// The topic `<name>.integration`: CloudEvents for other systems, one a message, by the Kafka protocol binding
// in binary mode. Attributes are headers `ce_...`, the value is the data alone, the key is the partition key.
#pragma once

#include "infra/cloud_event.hpp"
#include "infra/kafka/properties.hpp"
#include "infra/kafka/url.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <span>
#include <string>

namespace dacapo {

namespace kafka {
class Producer;
}

class IntegrationTopic {
public:
    // Partition i of the topic takes the events of shard i.
    IntegrationTopic(KafkaUrl url, kafka::Properties properties);
    ~IntegrationTopic();

    // Sends these in order and waits until the brokers have all of them, however long they are away. False:
    // `stopping` has become true first. Throws std::runtime_error. In both cases the first few of them may be
    // there, and all are to be sent again.
    bool publish(std::span<const CloudEvent> events, const std::atomic<bool>& stopping);

private:
    bool send_all(std::span<const CloudEvent> events, const std::atomic<bool>& stopping);
    void require_no_failure();

    const KafkaUrl url_;
    const kafka::Properties properties_;
    std::mutex mutex_;
    std::string failure_;
    std::unique_ptr<kafka::Producer> producer_;
};

}  // namespace dacapo
