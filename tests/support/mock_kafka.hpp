// A Kafka of librdkafka's own, inside this process on loopback: for tests of what is written and read, and of
// what goes wrong between. It keeps no replicas, knows no transactions and forgets all when it ends.
#pragma once

#include "infra/kafka/founding.hpp"
#include "infra/kafka/kafka_log.hpp"

#include <librdkafka/rdkafka_mock.h>

#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace dacapo::testing {

class MockKafka {
public:
    // Requests by their numbers in Kafka's protocol.
    static constexpr std::int16_t produce = 0;
    static constexpr std::int16_t fetch = 1;
    static constexpr std::int16_t list_offsets = 2;

    // Makes the topics of one installation and founds its log.
    explicit MockKafka(int shard_count = 2, int broker_count = 1)
        : broker_count_(broker_count), handle_(make_handle()), cluster_(make_cluster()) {
        url_ = {rd_kafka_mock_cluster_bootstraps(cluster_.get()), "test"};
        make_topic(url_.events_topic(), shard_count);
        make_topic(url_.lease_topic(), shard_count);
        make_topic(url_.owners_topic(), 1);
        kafka::found_log(url_, properties(), std::chrono::seconds(10));
    }

    const KafkaUrl& url() const { return url_; }
    // Quick and quiet; the real ones wait longer.
    static kafka::Properties properties() {
        return {{"fetch.wait.max.ms", "2"},     {"log_level", "0"},
                {"reconnect.backoff.ms", "10"}, {"reconnect.backoff.max.ms", "50"},
                {"retry.backoff.ms", "10"},     {"message.timeout.ms", "2000"},
                {"request.timeout.ms", "1000"}, {"fetch.error.backoff.ms", "10"}};
    }
    KafkaLogOptions options() const {
        KafkaLogOptions options;
        options.url = url_;
        options.properties = properties();
        options.node_url = "http://node.test";
        options.read_back_max = std::chrono::seconds(4);
        return options;
    }

    void make_topic(const std::string& name, int partitions) {
        require(rd_kafka_mock_topic_create(cluster_.get(), name.c_str(), partitions, broker_count_));
    }
    // The next requests of this kind are answered so, one after the other; RD_KAFKA_RESP_ERR__TRANSPORT
    // closes the connection instead.
    void fail_next(std::int16_t request, const std::vector<rd_kafka_resp_err_t>& errors) {
        rd_kafka_mock_push_request_errors_array(cluster_.get(), request, errors.size(), errors.data());
    }
    void forget_failures(std::int16_t request) {
        rd_kafka_mock_clear_request_errors(cluster_.get(), request);
    }
    void set_down(int broker = 1) { require(rd_kafka_mock_broker_set_down(cluster_.get(), broker)); }
    void set_up(int broker = 1) { require(rd_kafka_mock_broker_set_up(cluster_.get(), broker)); }
    void set_round_trip(std::chrono::milliseconds time, int broker = 1) {
        require(rd_kafka_mock_broker_set_rtt(cluster_.get(), broker, static_cast<int>(time.count())));
    }
    void lead(int shard, int broker) {
        require(
            rd_kafka_mock_partition_set_leader(cluster_.get(), url_.events_topic().c_str(), shard, broker));
    }
    void coordinate(const std::string& group, int broker) {
        require(rd_kafka_mock_coordinator_set(cluster_.get(), "group", group.c_str(), broker));
    }

private:
    struct DestroyCluster {
        void operator()(rd_kafka_mock_cluster_t* cluster) const { rd_kafka_mock_cluster_destroy(cluster); }
    };
    using Cluster = std::unique_ptr<rd_kafka_mock_cluster_t, DestroyCluster>;

    static kafka::Handle make_handle() {
        return kafka::make_handle(RD_KAFKA_PRODUCER,
                                  kafka::Config({"127.0.0.1:1", ""}, {{"log_level", "0"}}, {}));
    }
    Cluster make_cluster() {
        Cluster cluster(rd_kafka_mock_cluster_new(handle_.get(), broker_count_));
        if (!cluster) throw std::runtime_error("the mock cluster does not start");
        return cluster;
    }
    static void require(rd_kafka_resp_err_t error) {
        if (error != RD_KAFKA_RESP_ERR_NO_ERROR) throw kafka::KafkaError("the mock cluster refuses", error);
    }

    int broker_count_;
    kafka::Handle handle_;
    Cluster cluster_;
    KafkaUrl url_;
};

// Writes to the log without asking anybody, as a process would that does not know that it has been replaced.
class RawWriter {
public:
    explicit RawWriter(const MockKafka& kafka)
        : url_(kafka.url()),
          producer_(kafka::producer_config(url_, MockKafka::properties()), [](const auto&) {}) {}

    void record(int shard, RecordMark mark, const RecordHash& hash, const std::string& payload) {
        kafka::send_record(producer_, url_, shard, "key", {mark, hash, payload}, 0);
    }
    void barrier(int shard, WriterSession session) {
        kafka::send_barrier(producer_, url_, shard, session, "http://raw.test");
    }
    void foreign(int shard) { producer_.send(url_.events_topic(), shard, "k", "not ours", {}, 0); }

private:
    KafkaUrl url_;
    kafka::Producer producer_;
};

}  // namespace dacapo::testing
