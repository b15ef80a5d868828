// The two questions of administration that the migration asks the brokers: make this topic, show that topic's
// settings. Each call blocks until the brokers have answered.
#pragma once

#include "infra/kafka/client.hpp"

#include <map>

namespace dacapo::kafka {

struct NewTopic {
    std::string name;
    int partition_count = 1;
    int replication_factor = 1;
    std::map<std::string, std::string> settings;
};

class Admin {
public:
    Admin(const KafkaUrl& url, const Properties& operators, std::chrono::milliseconds patience);

    // False when it is there already. Throws KafkaError.
    bool create(const NewTopic& topic);
    // Throws KafkaError.
    std::map<std::string, std::string> settings_of(const std::string& topic);

private:
    struct DestroyEvent {
        void operator()(rd_kafka_event_t* event) const { rd_kafka_event_destroy(event); }
    };
    using Event = std::unique_ptr<rd_kafka_event_t, DestroyEvent>;
    struct DestroyQueue {
        void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
    };
    struct DestroyOptions {
        void operator()(rd_kafka_AdminOptions_t* options) const { rd_kafka_AdminOptions_destroy(options); }
    };
    using Options = std::unique_ptr<rd_kafka_AdminOptions_t, DestroyOptions>;

    Options options(rd_kafka_admin_op_t operation) const;
    Event answer(const std::string& what);

    Handle handle_;
    std::unique_ptr<rd_kafka_queue_t, DestroyQueue> queue_;
    std::chrono::milliseconds patience_;
};

}  // namespace dacapo::kafka
