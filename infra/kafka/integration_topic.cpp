#include "infra/kafka/integration_topic.hpp"

#include "infra/kafka/client.hpp"

#include <chrono>
#include <thread>

namespace dacapo {
namespace {

using kafka::Config;
using std::chrono::milliseconds;

constexpr std::string_view header_prefix = "ce_";
constexpr milliseconds queue_full_wait{1};
constexpr milliseconds stop_look{100};

// A message waits for its brokers for ever, so that none is skipped and order is kept: what comes late is
// better than what comes before its cause.
Config publishing_config(const KafkaUrl& url, kafka::Properties operators) {
    operators.try_emplace("compression.codec", "lz4");
    return Config(url, operators,
                  {
                      {"enable.idempotence", "true"},
                      {"acks", "all"},
                      {"max.in.flight", "1"},
                      {"message.timeout.ms", "0"},
                      {"delivery.report.only.error", "true"},
                  });
}

bool send(kafka::Producer& producer, const std::string& topic, const CloudEvent& event) {
    std::vector<std::string> names;
    names.reserve(event.attributes.size());
    std::vector<kafka::Header> headers{{"content-type", "application/json"}};
    for (const auto& [name, value] : event.attributes) {
        names.push_back(std::string(header_prefix) + std::string(name));
        headers.push_back({names.back(), value});
    }
    return producer.send(topic, event.shard, event.partition_key, event.data, headers, 0);
}

}  // namespace

IntegrationTopic::IntegrationTopic(KafkaUrl url, kafka::Properties properties)
    : url_(std::move(url)), properties_(std::move(properties)) {}

IntegrationTopic::~IntegrationTopic() = default;

bool IntegrationTopic::publish(std::span<const CloudEvent> events, const std::atomic<bool>& stopping) {
    // Anything but success leaves messages on their way, and these must not follow those that are sent anew.
    struct Abandon {
        std::unique_ptr<kafka::Producer>& producer;
        bool done = false;
        ~Abandon() {
            if (!done) producer.reset();
        }
    } abandon{producer_};
    if (!producer_) {
        failure_.clear();
        producer_ = std::make_unique<kafka::Producer>(publishing_config(url_, properties_),
                                                      [this](const kafka::Producer::Failure& failure) {
                                                          const std::lock_guard lock(mutex_);
                                                          if (failure_.empty()) failure_ = failure.why;
                                                      });
    }
    if (!send_all(events, stopping)) return false;
    for (bool sent = false; !sent;) {
        if (stopping) return false;
        require_no_failure();
        sent = producer_->await_sent(stop_look);
    }
    require_no_failure();
    abandon.done = true;
    return true;
}

bool IntegrationTopic::send_all(std::span<const CloudEvent> events, const std::atomic<bool>& stopping) {
    const auto topic = url_.integration_topic();
    for (const auto& event : events) {
        for (bool sent = send(*producer_, topic, event); !sent; sent = send(*producer_, topic, event)) {
            if (stopping) return false;
            require_no_failure();
            std::this_thread::sleep_for(queue_full_wait);
        }
    }
    return true;
}

void IntegrationTopic::require_no_failure() {
    const std::lock_guard lock(mutex_);
    if (!failure_.empty()) throw std::runtime_error(url_.integration_topic() + ": " + failure_);
}

}  // namespace dacapo
