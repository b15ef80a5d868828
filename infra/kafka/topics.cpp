#include "infra/kafka/topics.hpp"

#include "infra/kafka/admin.hpp"
#include "infra/kafka/founding.hpp"
#include "infra/log/event_log.hpp"

#include <fmt/format.h>
#include <array>
#include <utility>

namespace dacapo {
namespace {

using kafka::Admin;
using kafka::NewTopic;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds look_again{100};

// Nothing is ever taken out of the events' topic, neither by age nor by size nor for a newer record of the
// same key.
constexpr std::array<std::pair<const char*, const char*>, 3> events_settings{
    {{"cleanup.policy", "delete"}, {"retention.ms", "-1"}, {"retention.bytes", "-1"}}};

std::vector<NewTopic> topics_of(const KafkaTopicsOptions& options) {
    const auto insync = std::to_string(options.min_insync_replicas);
    const auto replicas = options.replication_factor;
    NewTopic events{options.url.events_topic(), options.shard_count, replicas, {}};
    for (const auto& [setting, value] : events_settings) events.settings.emplace(setting, value);
    // A replica that missed acknowledged records must not lead.
    events.settings.emplace("unclean.leader.election.enable", "false");
    std::vector<NewTopic> topics{std::move(events),
                                 {options.url.lease_topic(), options.shard_count, replicas, {}},
                                 {options.url.owners_topic(), 1, replicas, {{"cleanup.policy", "compact"}}},
                                 {options.url.integration_topic(), options.shard_count, replicas, {}}};
    for (auto& topic : topics) topic.settings.emplace("min.insync.replicas", insync);
    return topics;
}

// A new topic is known to the broker that made it first, and to the others soon.
int partition_count(const KafkaTopicsOptions& options, const std::string& topic) {
    kafka::Consumer consumer(kafka::consumer_config(options.url, options.properties));
    const auto deadline = steady_clock::now() + options.patience;
    while (true) {
        try {
            return consumer.partition_count(topic, options.patience);
        } catch (const kafka::KafkaError&) {
            if (steady_clock::now() >= deadline) throw;
        }
        std::this_thread::sleep_for(look_again);
    }
}

void require_sound_events(const KafkaTopicsOptions& options, Admin& admin) {
    const auto topic = options.url.events_topic();
    const auto partitions = partition_count(options, topic);
    if (partitions != options.shard_count)
        throw LogRefused(
            fmt::format("{} has {} partitions, but {} shards are configured: the number is fixed when a log "
                        "is made",
                        topic, partitions, options.shard_count));
    const auto settings = admin.settings_of(topic);
    for (const auto& [setting, value] : events_settings) {
        const auto found = settings.find(setting);
        if (found == settings.end() || found->second != value)
            throw LogRefused(fmt::format("{} has {}={}, which loses events: it must be {}", topic, setting,
                                         found == settings.end() ? "?" : found->second, value));
    }
}

}  // namespace

std::vector<std::string> migrate_kafka(const KafkaTopicsOptions& options) {
    try {
        std::vector<std::string> done;
        Admin admin(options.url, options.properties, options.patience);
        for (const auto& topic : topics_of(options))
            if (admin.create(topic))
                done.push_back(
                    fmt::format("made the topic {} with {} partitions", topic.name, topic.partition_count));
        require_sound_events(options, admin);
        const auto founding = kafka::found_log(options.url, options.properties, options.patience);
        done.push_back(fmt::format("the log {} has the epoch {}", options.url.text(), founding.epoch));
        return done;
    } catch (const kafka::KafkaError& error) {
        throw LogRefused(options.url.text() + ": " + error.what());
    }
}

}  // namespace dacapo
