#include "infra/kafka/admin.hpp"

#include <array>

namespace dacapo::kafka {
namespace {

struct DestroyTopic {
    void operator()(rd_kafka_NewTopic_t* topic) const { rd_kafka_NewTopic_destroy(topic); }
};
struct DestroyResource {
    void operator()(rd_kafka_ConfigResource_t* resource) const { rd_kafka_ConfigResource_destroy(resource); }
};

}  // namespace

Admin::Admin(const KafkaUrl& url, const Properties& operators, std::chrono::milliseconds patience)
    : handle_(make_handle(RD_KAFKA_PRODUCER, Config(url, operators, {}))),
      queue_(rd_kafka_queue_new(handle_.get())),
      patience_(patience) {}

Admin::Options Admin::options(rd_kafka_admin_op_t operation) const {
    Options options(rd_kafka_AdminOptions_new(handle_.get(), operation));
    std::array<char, 256> why{};
    const auto wait_ms = static_cast<int>(patience_.count());
    if (rd_kafka_AdminOptions_set_request_timeout(options.get(), wait_ms, why.data(), why.size()) !=
        RD_KAFKA_RESP_ERR_NO_ERROR)
        throw std::runtime_error(why.data());
    return options;
}

Admin::Event Admin::answer(const std::string& what) {
    // The request has the same limit and answers itself when it is over; some more for the way.
    Event event(rd_kafka_queue_poll(queue_.get(), static_cast<int>(patience_.count()) + 1'000));
    if (!event) throw KafkaError(what, RD_KAFKA_RESP_ERR__TIMED_OUT);
    if (const auto error = rd_kafka_event_error(event.get()); error != RD_KAFKA_RESP_ERR_NO_ERROR)
        throw KafkaError(what, error);
    return event;
}

bool Admin::create(const NewTopic& topic) {
    std::array<char, 256> why{};
    const std::unique_ptr<rd_kafka_NewTopic_t, DestroyTopic> wanted(rd_kafka_NewTopic_new(
        topic.name.c_str(), topic.partition_count, topic.replication_factor, why.data(), why.size()));
    if (!wanted) throw std::runtime_error(topic.name + ": " + why.data());
    for (const auto& [setting, value] : topic.settings)
        if (const auto error = rd_kafka_NewTopic_set_config(wanted.get(), setting.c_str(), value.c_str());
            error != RD_KAFKA_RESP_ERR_NO_ERROR)
            throw KafkaError(topic.name + ", " + setting, error);
    auto* list = wanted.get();
    const auto wait = options(RD_KAFKA_ADMIN_OP_CREATETOPICS);
    rd_kafka_CreateTopics(handle_.get(), &list, 1, wait.get(), queue_.get());
    const auto event = answer("cannot make " + topic.name);

    std::size_t count = 0;
    const auto* result = rd_kafka_event_CreateTopics_result(event.get());
    const auto* const* topics = rd_kafka_CreateTopics_result_topics(result, &count);
    if (count != 1) throw KafkaError("cannot make " + topic.name, RD_KAFKA_RESP_ERR__BAD_MSG);
    const auto error = rd_kafka_topic_result_error(topics[0]);
    if (error == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) return false;
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return true;
    const char* text = rd_kafka_topic_result_error_string(topics[0]);
    throw KafkaError("cannot make " + topic.name + (text ? std::string(" (") + text + ')' : ""), error);
}

std::map<std::string, std::string> Admin::settings_of(const std::string& topic) {
    const std::unique_ptr<rd_kafka_ConfigResource_t, DestroyResource> resource(
        rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()));
    auto* list = resource.get();
    const auto wait = options(RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
    rd_kafka_DescribeConfigs(handle_.get(), &list, 1, wait.get(), queue_.get());
    const auto event = answer("cannot ask for the settings of " + topic);

    std::size_t count = 0;
    const auto* result = rd_kafka_event_DescribeConfigs_result(event.get());
    const auto* const* resources = rd_kafka_DescribeConfigs_result_resources(result, &count);
    if (count != 1) throw KafkaError("the settings of " + topic, RD_KAFKA_RESP_ERR__BAD_MSG);
    if (const auto error = rd_kafka_ConfigResource_error(resources[0]); error != RD_KAFKA_RESP_ERR_NO_ERROR)
        throw KafkaError("the settings of " + topic, error);
    std::map<std::string, std::string> settings;
    const auto* const* entries = rd_kafka_ConfigResource_configs(resources[0], &count);
    for (std::size_t i = 0; i < count; ++i) {
        const char* value = rd_kafka_ConfigEntry_value(entries[i]);
        settings.emplace(rd_kafka_ConfigEntry_name(entries[i]), value ? value : "");
    }
    return settings;
}

}  // namespace dacapo::kafka
