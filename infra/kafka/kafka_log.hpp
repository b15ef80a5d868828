// The event log on Kafka: one partition of `<name>.events` for each shard, written by one process at a time.
// Kafka cannot refuse a record whose writer has been replaced, so the log's own contents decide:
// infra/log/shard_protocol.hpp says which records are valid, and a record counts as written when this process
// has read it back as a valid one.
#pragma once

#include "infra/kafka/properties.hpp"
#include "infra/kafka/url.hpp"
#include "infra/log/event_log.hpp"
#include "infra/metrics.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace dacapo {

struct KafkaLogOptions {
    KafkaUrl url;
    kafka::Properties properties;  // the operator's own; see infra/kafka/properties.hpp
    std::string node_url;          // stands in our barriers, for people who read the log

    // Where this process begins to read each shard: positions of valid records that it knows already, or 0.
    // What comes before is not checked, and is read from Kafka only when somebody asks for it.
    Frontier start = 0;
    // Or asked once it is known which log this is. Only a hint: of a shard that does not reach as far
    // everything is read, and whoever proposed it finds head() before it.
    std::function<Frontier(const std::string& epoch, int shard_count)> propose_start;

    // Shards share them in turn. A producer has one request on its way to each broker, so that with a single
    // one every shard would wait for all others'; each costs two threads and one more per broker, once a
    // shard of it is taken.
    int producer_count = 4;

    // This process writes no shard and need not hear of each record at once: under load its brokers gather
    // records for some milliseconds. See infra/kafka/paced_consumer.hpp.
    bool only_follows = false;

    // The newest records are kept decoded, over all shards together.
    std::size_t tail_records_max = 65'536;
    std::size_t tail_bytes_max = std::size_t{64} << 20;

    std::chrono::milliseconds connect_max{20'000};    // for the first answers of the brokers
    std::chrono::milliseconds read_back_max{10'000};  // older: the batch is in doubt
    std::chrono::milliseconds page_max{30'000};       // without one record of a page that is asked of Kafka

    // Called once, on a thread of the log's, when the log can no longer be read: damage, or offsets that the
    // brokers no longer have. From then on append() and take() throw LogBroken and reading throws LogRefused.
    std::function<void(const std::string& why)> on_fault;
    // Told of what an operator should look at, on a thread of the log's.
    std::function<void(const std::string& what)> on_warning;
    // Counters `dacapo_kafka_*`; must outlive the log. Null: they are kept and shown to nobody.
    Metrics* metrics = nullptr;
};

// What on_deposed() gives is called on the reading thread: it hands the news on and calls neither take() nor
// append(). A batch that append() threw at stays as it is: its entries may have become visible and are not
// used again.
class KafkaLog : public SharedLog {
public:
    // End offsets of the brokers that this process has not read yet, over all shards.
    virtual std::int64_t lag() const = 0;
    // How many brokers there is a connection to, as of a second ago.
    virtual int brokers_up() const = 0;
};

// Blocks until everything that was in the log when it was opened has been read (from `start` on). Throws
// LogRefused: no brokers, no topic, a topic that `migrate` did not make, damage.
std::unique_ptr<KafkaLog> open_kafka_log(const KafkaLogOptions& options);

}  // namespace dacapo
