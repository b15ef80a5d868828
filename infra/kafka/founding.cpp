#include "infra/kafka/founding.hpp"

#include <fmt/format.h>
#include <random>

namespace dacapo::kafka {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds look_again{100};

std::string new_epoch() {
    std::random_device device;
    return hex_of(std::uniform_int_distribution<std::uint64_t>()(device));
}

bool may_pass(rd_kafka_resp_err_t error) {
    switch (error) {
        case RD_KAFKA_RESP_ERR__TRANSPORT:
        case RD_KAFKA_RESP_ERR__RESOLVE:
        case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
        case RD_KAFKA_RESP_ERR__TIMED_OUT:
        case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
        case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
        case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
        case RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE:
            return true;
        default:
            return false;
    }
}

// The first message of partition 0; nothing when there is none.
std::optional<FoundingMessage> first_message(Consumer& consumer, const KafkaUrl& url, milliseconds patience) {
    const auto range = consumer.range(url.events_topic(), 0, patience);
    if (range.first > 0) throw LogRefused("the beginning of " + url.events_topic() + " is gone");
    if (range.end == 0) return std::nullopt;
    const Consumer::Start start{0, 0};
    consumer.assign(url.events_topic(), std::span(&start, 1));
    const auto deadline = steady_clock::now() + patience;
    while (steady_clock::now() < deadline) {
        const auto message = consumer.poll(look_again);
        if (!message || message.error() != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
        const auto parsed = parse(message);
        if (const auto* founding = std::get_if<FoundingMessage>(&parsed)) return *founding;
        throw LogRefused(url.events_topic() +
                         " does not begin as a log does: its first record is another program's");
    }
    throw BrokersAway("the first record of " + url.events_topic() + " could not be read");
}

std::unique_ptr<Producer> sent_founding(const KafkaUrl& url, const Properties& properties,
                                        milliseconds patience) {
    try {
        const auto partitions =
            Consumer(consumer_config(url, properties)).partition_count(url.events_topic(), patience);
        auto producer =
            std::make_unique<Producer>(producer_config(url, properties), [](const Producer::Failure&) {});
        send_founding(*producer, url, {new_epoch(), partitions});
        return producer;
    } catch (const KafkaError& error) {
        throw LogRefused(url.text() + ": " + error.what());
    }
}

}  // namespace

std::optional<FoundingMessage> read_founding(const KafkaUrl& url, const Properties& properties,
                                             milliseconds patience) {
    try {
        Consumer consumer(consumer_config(url, properties));
        const auto partitions = consumer.partition_count(url.events_topic(), patience);
        auto founding = first_message(consumer, url, patience);
        if (founding && founding->shard_count != partitions)
            throw LogRefused(
                fmt::format("{} has {} partitions, but was founded with {}: the number is fixed when a log "
                            "is made",
                            url.events_topic(), partitions, founding->shard_count));
        return founding;
    } catch (const KafkaError& error) {
        if (may_pass(error.code)) throw BrokersAway(url.text() + ": " + error.what());
        throw LogRefused(url.text() + ": " + error.what());
    }
}

FoundingMessage found_log(const KafkaUrl& url, const Properties& properties, milliseconds patience) {
    const auto deadline = steady_clock::now() + patience;
    std::string why = "its first record does not arrive";
    std::unique_ptr<Producer> producer;  // Lives until its record has arrived.
    for (; steady_clock::now() < deadline; std::this_thread::sleep_for(look_again)) {
        try {
            if (auto founding = read_founding(url, properties, patience)) return *founding;
            // What was sent counts when it is read, here as everywhere.
            if (!producer) producer = sent_founding(url, properties, patience);
        } catch (const BrokersAway& away) {
            why = away.what();  // A topic that was made a moment ago has no leader yet.
        }
    }
    throw LogRefused(url.events_topic() + " could not be founded: " + why);
}

}  // namespace dacapo::kafka
