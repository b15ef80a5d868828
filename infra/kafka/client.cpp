#include "infra/kafka/client.hpp"

#include <array>
#include <boost/json.hpp>

namespace dacapo::kafka {
namespace {

using std::chrono::milliseconds;

// How soon a producer that is being destroyed notices.
constexpr milliseconds report_wait{100};
constexpr milliseconds purge_wait{1000};
constexpr milliseconds leader_wait{50};

// A partition has no leader for a moment: it is new, or its broker has gone.
bool passes_by_itself(rd_kafka_resp_err_t error) {
    return error == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION ||
           error == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE ||
           error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || error == RD_KAFKA_RESP_ERR__TRANSPORT;
}

const Properties common_properties{
    {"client.id", "dacapo"},
    {"socket.nagle.disable", "true"},
    {"socket.keepalive.enable", "true"},
    {"socket.timeout.ms", "10000"},
    {"reconnect.backoff.ms", "50"},
    {"reconnect.backoff.max.ms", "1000"},
    {"log_level", "4"},
    {"log.connection.close", "false"},
};

// A property stands in the map of its role; the operator's come between the two.
Properties joined(Properties first, const Properties& then) {
    for (const auto& [name, value] : then) first.insert_or_assign(name, value);
    return first;
}

struct DestroyMetadata {
    void operator()(const rd_kafka_metadata_t* metadata) const { rd_kafka_metadata_destroy(metadata); }
};
struct DestroyTopic {
    void operator()(rd_kafka_topic_t* topic) const { rd_kafka_topic_destroy(topic); }
};
struct DestroyPartitions {
    void operator()(rd_kafka_topic_partition_list_t* list) const {
        rd_kafka_topic_partition_list_destroy(list);
    }
};

// Of librdkafka's statistics; the entries without a node are addresses to begin with, and roles.
int brokers_up_in(std::string_view statistics) {
    const auto parsed = boost::json::parse(statistics);
    int up = 0;
    for (const auto& [name, broker] : parsed.at("brokers").as_object())
        if (broker.at("nodeid").as_int64() >= 0 && broker.at("source").as_string() != "logical" &&
            broker.at("state").as_string() == "UP")
            ++up;
    return up;
}

Config reader_config(const KafkaUrl& url, Properties chosen, const Properties& operators) {
    chosen.insert({{"fetch.error.backoff.ms", "50"}, {"queued.max.messages.kbytes", "16384"}});
    return Config(url, joined(std::move(chosen), operators),
                  {
                      {"group.id", "dacapo-reader"},  // librdkafka asks for one; nothing joins it
                      {"enable.auto.commit", "false"},
                      {"enable.auto.offset.store", "false"},
                      {"auto.offset.reset", "error"},
                      {"check.crcs", "true"},
                      {"allow.auto.create.topics", "false"},
                  });
}

}  // namespace

Config::Config(const KafkaUrl& url, const Properties& operators, const Properties& ours)
    : conf_(rd_kafka_conf_new()) {
    set("bootstrap.servers", url.brokers);
    for (const auto& [property, value] : joined(joined(common_properties, operators), ours))
        set(property, value);
}

void Config::set(const std::string& property, const std::string& value) {
    std::array<char, 512> why{};
    if (rd_kafka_conf_set(conf_.get(), property.c_str(), value.c_str(), why.data(), why.size()) !=
        RD_KAFKA_CONF_OK)
        throw std::runtime_error("librdkafka does not take " + property + ": " + why.data());
}

void Config::count_brokers(std::atomic<int>& up) {
    set("statistics.interval.ms", "1000");
    rd_kafka_conf_set_opaque(conf_.get(), &up);
    rd_kafka_conf_set_stats_cb(conf_.get(), [](rd_kafka_t*, char* text, std::size_t size, void* count) {
        static_cast<std::atomic<int>*>(count)->store(brokers_up_in({text, size}));
        return 0;
    });
}

Config producer_config(const KafkaUrl& url, const Properties& operators) {
    const Properties chosen{
        {"linger.ms", "0"},
        {"compression.codec", "lz4"},
        {"message.timeout.ms", "10000"},
        {"request.timeout.ms", "5000"},
        {"queue.buffering.max.messages", "20000"},
    };
    return Config(url, joined(chosen, operators),
                  {
                      {"enable.idempotence", "true"},
                      {"acks", "all"},
                      // 2.0.2 turns fatal after a disconnect when several requests are on their way.
                      {"max.in.flight", "1"},
                      {"delivery.report.only.error", "true"},
                  });
}

Config consumer_config(const KafkaUrl& url, const Properties& operators) {
    return reader_config(url, {{"fetch.wait.max.ms", "100"}}, operators);
}

Config gathering_consumer_config(const KafkaUrl& url, const Properties& operators) {
    return reader_config(url, {{"fetch.wait.max.ms", "10"}, {"fetch.min.bytes", "65536"}}, operators);
}

Handle make_handle(rd_kafka_type_t type, Config config) {
    std::array<char, 512> why{};
    rd_kafka_t* handle = rd_kafka_new(type, config.get(), why.data(), why.size());
    if (!handle) throw std::runtime_error(std::string("librdkafka does not start: ") + why.data());
    config.release();  // The handle's now.
    return Handle(handle);
}

Producer::Producer(Config config, std::function<void(const Failure&)> failed) : failed_(std::move(failed)) {
    rd_kafka_conf_set_opaque(config.get(), this);
    rd_kafka_conf_set_dr_msg_cb(config.get(), [](rd_kafka_t*, const rd_kafka_message_t* message, void* self) {
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) return;
        static_cast<Producer*>(self)->failed_({message->partition,
                                               reinterpret_cast<std::uintptr_t>(message->_private),
                                               rd_kafka_err2str(message->err)});
    });
    // What concerns messages comes with them; what concerns brokers is tried again by librdkafka.
    rd_kafka_conf_set_error_cb(config.get(), [](rd_kafka_t*, int, const char*, void*) {});
    handle_ = make_handle(RD_KAFKA_PRODUCER, std::move(config));
    thread_ = std::thread([this] { serve(); });
}

Producer::~Producer() {
    stopping_ = true;
    thread_.join();
    // Whoever still waits for a message of this producer is told now, not when it loses patience.
    rd_kafka_purge(handle_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_flush(handle_.get(), static_cast<int>(purge_wait.count()));
}

void Producer::serve() {
    while (!stopping_) rd_kafka_poll(handle_.get(), static_cast<int>(report_wait.count()));
}

bool Producer::send(const std::string& topic, int partition, std::string_view key, std::string_view value,
                    std::span<const Header> headers, std::uint64_t tag) {
    static_assert(sizeof(void*) >= sizeof tag, "the tag travels as a pointer");
    rd_kafka_headers_t* list = rd_kafka_headers_new(headers.size());
    for (const auto& [name, text] : headers)
        rd_kafka_header_add(list, name.data(), static_cast<ssize_t>(name.size()), text.data(),
                            static_cast<ssize_t>(text.size()));
    const auto error = rd_kafka_producev(
        handle_.get(), RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(partition),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(key.data(), key.size()),
        RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()), RD_KAFKA_V_HEADERS(list),
        RD_KAFKA_V_OPAQUE(reinterpret_cast<void*>(static_cast<std::uintptr_t>(tag))), RD_KAFKA_V_END);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return true;
    rd_kafka_headers_destroy(list);  // Still ours after a failure.
    if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL) return false;
    throw KafkaError("cannot send to " + topic, error);
}

bool Producer::await_sent(milliseconds patience) {
    return rd_kafka_flush(handle_.get(), static_cast<int>(patience.count())) == RD_KAFKA_RESP_ERR_NO_ERROR;
}

bool Producer::is_dead() const {
    return rd_kafka_fatal_error(handle_.get(), nullptr, 0) != RD_KAFKA_RESP_ERR_NO_ERROR;
}

std::optional<std::string_view> Message::header(const char* name) const {
    rd_kafka_headers_t* headers = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    if (rd_kafka_message_headers(message_.get(), &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return std::nullopt;
    if (rd_kafka_header_get_last(headers, name, &value, &size) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return std::nullopt;
    return std::string_view(static_cast<const char*>(value), size);
}

Consumer::Consumer(Config config) : handle_(make_handle(RD_KAFKA_CONSUMER, std::move(config))) {
    rd_kafka_poll_set_consumer(handle_.get());
}

Consumer::~Consumer() { rd_kafka_consumer_close(handle_.get()); }

void Consumer::assign(const std::string& topic, std::span<const Start> starts) {
    const std::unique_ptr<rd_kafka_topic_partition_list_t, DestroyPartitions> list(
        rd_kafka_topic_partition_list_new(static_cast<int>(starts.size())));
    for (const auto& [partition, offset] : starts)
        rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition)->offset = offset;
    const auto error = rd_kafka_assign(handle_.get(), starts.empty() ? nullptr : list.get());
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) throw KafkaError("cannot read " + topic, error);
}

void Consumer::subscribe(const std::string& topic) {
    const std::unique_ptr<rd_kafka_topic_partition_list_t, DestroyPartitions> list(
        rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
    const auto error = rd_kafka_subscribe(handle_.get(), list.get());
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) throw KafkaError("cannot join for " + topic, error);
}

Message Consumer::poll(milliseconds patience) {
    return Message(rd_kafka_consumer_poll(handle_.get(), static_cast<int>(patience.count())));
}

int Consumer::partition_count(const std::string& topic, milliseconds patience) {
    const std::unique_ptr<rd_kafka_topic_t, DestroyTopic> handle(
        rd_kafka_topic_new(handle_.get(), topic.c_str(), nullptr));
    const rd_kafka_metadata_t* found = nullptr;
    const auto error =
        rd_kafka_metadata(handle_.get(), 0, handle.get(), &found, static_cast<int>(patience.count()));
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) throw KafkaError("the brokers do not answer", error);
    const std::unique_ptr<const rd_kafka_metadata_t, DestroyMetadata> metadata(found);
    if (metadata->topic_cnt != 1) throw KafkaError(topic, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    if (metadata->topics[0].err != RD_KAFKA_RESP_ERR_NO_ERROR)
        throw KafkaError(topic, metadata->topics[0].err);
    return metadata->topics[0].partition_cnt;
}

Consumer::Range Consumer::range(const std::string& topic, int partition, milliseconds patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    for (;;) {
        Range range{};
        const auto error =
            rd_kafka_query_watermark_offsets(handle_.get(), topic.c_str(), partition, &range.first,
                                             &range.end, static_cast<int>(patience.count()));
        if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return range;
        if (!passes_by_itself(error) || std::chrono::steady_clock::now() >= deadline)
            throw KafkaError("the offsets of " + topic + " are not known", error);
        std::this_thread::sleep_for(leader_wait);
    }
}

std::optional<std::int64_t> Consumer::end_heard(const std::string& topic, int partition) const {
    std::int64_t first = 0;
    std::int64_t end = RD_KAFKA_OFFSET_INVALID;
    rd_kafka_get_watermark_offsets(handle_.get(), topic.c_str(), partition, &first, &end);
    if (end < 0) return std::nullopt;
    return end;
}

}  // namespace dacapo::kafka
