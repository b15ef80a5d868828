// librdkafka's C interface as values that close themselves: settings, a producer, a consumer, a message.
// Its C++ interface lacks the administration and the mock cluster, and would be a second layer to know.
#pragma once

#include "infra/kafka/properties.hpp"
#include "infra/kafka/url.hpp"

#include <librdkafka/rdkafka.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace dacapo::kafka {

struct KafkaError : std::runtime_error {
    KafkaError(const std::string& what, rd_kafka_resp_err_t error)
        : std::runtime_error(what + ": " + rd_kafka_err2str(error)), code(error) {}
    rd_kafka_resp_err_t code;
};

// The settings of one handle: those common to all, then the operator's, then `ours`. Throws
// std::runtime_error with the property's name for what librdkafka does not take.
class Config {
public:
    Config(const KafkaUrl& url, const Properties& operators, const Properties& ours);

    // Keeps `up` at how many brokers there is a connection to, each second. It takes the handle's opaque
    // pointer, and must outlive the handle.
    void count_brokers(std::atomic<int>& up);

    rd_kafka_conf_t* get() const { return conf_.get(); }
    rd_kafka_conf_t* release() { return conf_.release(); }

private:
    void set(const std::string& property, const std::string& value);

    struct Destroy {
        void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
    };
    std::unique_ptr<rd_kafka_conf_t, Destroy> conf_;
};

// Durable and in order: acknowledged by all in-sync replicas, one request on its way to each broker.
Config producer_config(const KafkaUrl& url, const Properties& operators);
// Reads partitions that are assigned by hand, and says so when it cannot.
Config consumer_config(const KafkaUrl& url, const Properties& operators);
// Of a consumer whose brokers wait some milliseconds for more before they answer.
Config gathering_consumer_config(const KafkaUrl& url, const Properties& operators);

// Destroying blocks until librdkafka's threads have ended: not on a thread that has I/O to do.
struct DestroyHandle {
    void operator()(rd_kafka_t* handle) const { rd_kafka_destroy(handle); }
};
using Handle = std::unique_ptr<rd_kafka_t, DestroyHandle>;
Handle make_handle(rd_kafka_type_t type, Config config);

struct Header {
    std::string_view name;
    std::string_view value;
};

class Producer {
public:
    struct Failure {
        int partition;
        std::uint64_t tag;
        std::string why;
    };
    // `failed` hears of every message that was not stored, or perhaps not, on a thread of the producer's.
    // Nothing is told of messages that were stored: whoever needs to know reads them.
    Producer(Config config, std::function<void(const Failure&)> failed);
    ~Producer();

    // Queues the message, copied. False: the queue is full. Throws KafkaError when it cannot be sent at all.
    // Any thread.
    bool send(const std::string& topic, int partition, std::string_view key, std::string_view value,
              std::span<const Header> headers, std::uint64_t tag);
    // True: of all that was sent, everything is stored or was told to have failed.
    bool await_sent(std::chrono::milliseconds patience);
    // Nothing more will ever be sent; only a new producer helps.
    bool is_dead() const;

private:
    void serve();

    std::function<void(const Failure&)> failed_;
    Handle handle_;
    std::atomic<bool> stopping_{false};
    std::thread thread_;
};

// A record of the log as it came, or an error event of the consumer's; or nothing.
class Message {
public:
    Message() = default;
    explicit Message(rd_kafka_message_t* message) : message_(message) {}

    explicit operator bool() const { return message_ != nullptr; }
    rd_kafka_resp_err_t error() const { return message_->err; }
    std::string error_text() const { return rd_kafka_message_errstr(message_.get()); }
    int partition() const { return message_->partition; }
    std::int64_t offset() const { return message_->offset; }
    std::string_view key() const { return {static_cast<const char*>(message_->key), message_->key_len}; }
    std::string_view value() const { return {static_cast<const char*>(message_->payload), message_->len}; }
    // The last one of this name. Valid as long as the message, like the views above.
    std::optional<std::string_view> header(const char* name) const;

private:
    struct Destroy {
        void operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
    };
    std::unique_ptr<rd_kafka_message_t, Destroy> message_;
};

// One thread at a time, but for what says otherwise.
class Consumer {
public:
    explicit Consumer(Config config);
    ~Consumer();

    struct Start {
        int partition;
        std::int64_t offset;
    };
    // From now on these partitions of one topic; none: reads nothing.
    void assign(const std::string& topic, std::span<const Start> starts);
    // Or as a member of its group, those that the group gives it.
    void subscribe(const std::string& topic);
    Message poll(std::chrono::milliseconds patience);

    // Throws KafkaError when the brokers do not answer, and when there is no such topic.
    int partition_count(const std::string& topic, std::chrono::milliseconds patience);
    struct Range {
        std::int64_t first;
        std::int64_t end;  // the offset that the next record will get
    };
    // As the brokers have it now; waits for a leader that is being elected. Throws KafkaError.
    Range range(const std::string& topic, int partition, std::chrono::milliseconds patience);
    // As the newest answer had it; nothing before the first. Any thread.
    std::optional<std::int64_t> end_heard(const std::string& topic, int partition) const;

    rd_kafka_t* get() const { return handle_.get(); }

private:
    Handle handle_;
};

}  // namespace dacapo::kafka
