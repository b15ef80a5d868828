#include "infra/kafka/kafka_log.hpp"

#include "infra/kafka/founding.hpp"
#include "infra/kafka/old_records.hpp"
#include "infra/kafka/tail.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>

namespace dacapo {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t page_records_max = 10'000;
// Room comes as fast as the brokers take what waits.
constexpr milliseconds queue_full_wait{1};

Frontier one_place_a_shard(const Frontier& start, int shard_count) {
    auto frontier = Frontier::of_shards(shard_count);
    frontier.advance(start);
    return frontier;
}

class KafkaLogClient : public KafkaLog {
public:
    KafkaLogClient(const KafkaLogOptions& options, const kafka::FoundingMessage& founding,
                   const Frontier& start)
        : options_(options),
          shard_count_(founding.shard_count),
          epoch_(founding.epoch),
          metrics_(options.metrics ? *options.metrics : own_metrics_),
          read_back_s_(metrics_.histogram("dacapo_kafka_read_back_seconds",
                                          "From sending a batch to having read it", latency_bounds_s())),
          recent_(one_place_a_shard(start, shard_count_), options.tail_records_max, options.tail_bytes_max),
          old_(options.url, options.properties, options.page_max),
          consumer_(
              tail_config(),
              options.only_follows
                  ? [this] { return kafka::gathering_consumer_config(options_.url, options_.properties); }
                  : std::function<kafka::Config()>(),
              {}),
          ends_at_opening_(ends_now(start)),
          own_(make_own(shard_count_)),
          producers_(static_cast<std::size_t>(std::max(1, options.producer_count))),
          tail_(options.url, consumer_, start, recent_, own_, metrics_,
                {[this](int shard) {
                     if (deposed_) deposed_(shard);
                 },
                 [this](const std::string& why) {
                     if (options_.on_fault) options_.on_fault(why);
                 },
                 options.on_warning}) {
        read_all_there_is();
    }

    int shard_count() const override { return shard_count_; }
    const std::string& epoch() const override { return epoch_; }
    Frontier start() const override { return Frontier::of_shards(shard_count_); }
    Frontier head() const override { return recent_.head(); }

    std::int64_t take(int shard) override;
    void append(std::span<PendingRecord> batch) override;
    void give_up(int shard) override { own(shard).give_up(); }
    void on_deposed(std::function<void(int shard)> call) override { deposed_ = std::move(call); }

    std::vector<LogEntryPtr> read_after(const Frontier& after, std::size_t count_max) override;
    LogEntryPtr read_at(int shard, Position position) override;
    bool wait_past(const Frontier& after, milliseconds patience) override {
        return recent_.wait_past(after, patience);
    }
    void wake() override { recent_.wake(); }
    std::int64_t lag() const override { return tail_.lag(); }
    int brokers_up() const override { return brokers_up_.load(std::memory_order_relaxed); }

private:
    static std::vector<std::unique_ptr<kafka::OwnShard>> make_own(int shard_count) {
        std::vector<std::unique_ptr<kafka::OwnShard>> own;
        for (int i = 0; i < shard_count; ++i) own.push_back(std::make_unique<kafka::OwnShard>());
        return own;
    }
    kafka::Config tail_config() {
        auto config = kafka::consumer_config(options_.url, options_.properties);
        config.count_brokers(brokers_up_);
        return config;
    }
    kafka::OwnShard& own(int shard) { return *own_.at(static_cast<std::size_t>(shard)); }
    std::vector<std::int64_t> ends_now(const Frontier& start);
    void read_all_there_is();
    std::shared_ptr<kafka::Producer> producer_of(int shard);
    // False: nothing was sent until `deadline`, because the queue had no room.
    bool send(int shard, std::span<const PendingRecord> batch, const kafka::OwnShard::Sending& sending,
              steady_clock::time_point deadline);

    const KafkaLogOptions options_;
    const int shard_count_;
    const std::string epoch_;
    Metrics own_metrics_;
    Metrics& metrics_;
    Histogram& read_back_s_;
    kafka::RecentRecords recent_;
    kafka::OldRecords old_;
    std::atomic<int> brokers_up_{0};
    kafka::PacedConsumer consumer_;
    // Asked before the tail begins: afterwards every answer waits behind a fetch that waits for records.
    const std::vector<std::int64_t> ends_at_opening_;
    std::vector<std::unique_ptr<kafka::OwnShard>> own_;
    std::function<void(int)> deposed_;
    std::mutex producers_mutex_;
    std::vector<std::shared_ptr<kafka::Producer>> producers_;  // made when they are first needed
    kafka::Tail tail_;
};

std::vector<std::int64_t> KafkaLogClient::ends_now(const Frontier& start) {
    std::vector<std::int64_t> ends;
    for (int shard = 0; shard < shard_count_; ++shard) {
        ends.push_back(consumer_.range(options_.url.events_topic(), shard, options_.connect_max).end);
        if (start.at(shard) > ends.back())
            throw LogRefused(fmt::format("shard {} of {} ends at position {}, but {} was read here before",
                                         shard, options_.url.text(), ends.back(), start.at(shard)));
    }
    return ends;
}

void KafkaLogClient::read_all_there_is() {
    const bool read = tail_.await_read(ends_at_opening_, options_.connect_max);
    recent_.require_readable();
    if (!read) throw LogRefused("the brokers of " + options_.url.text() + " do not give the log's records");
}

// A producer that has met a fatal error is of no more use. What it had still to send is in doubt, which each
// shard's writer hears from it; new terms are written by a new one.
std::shared_ptr<kafka::Producer> KafkaLogClient::producer_of(int shard) {
    std::shared_ptr<kafka::Producer> dead;  // Ends after the lock is released: it blocks.
    const std::lock_guard lock(producers_mutex_);
    auto& producer = producers_[static_cast<std::size_t>(shard) % producers_.size()];
    if (producer && !producer->is_dead()) return producer;
    dead = std::move(producer);
    auto config = kafka::producer_config(options_.url, options_.properties);
    producer =
        std::make_shared<kafka::Producer>(std::move(config), [this](const kafka::Producer::Failure& failure) {
            metrics_.counter("dacapo_kafka_send_failures_total", "Records that were perhaps not stored")
                .add();
            own(failure.partition).fail(failure.tag, failure.why);
        });
    if (dead)
        metrics_.counter("dacapo_kafka_producers_lost_total", "Producers that ended with a fatal error")
            .add();
    return producer;
}

std::int64_t KafkaLogClient::take(int shard) {
    auto& own_shard = own(shard);
    const auto session = own_shard.claim();
    try {
        if (!kafka::send_barrier(*producer_of(shard), options_.url, shard, session, options_.node_url))
            own_shard.fail(session, "the queue to the brokers is full");
    } catch (const kafka::KafkaError& error) {
        own_shard.fail(session, error.what());
    }
    return own_shard.await_claim(options_.read_back_max);
}

void KafkaLogClient::append(std::span<PendingRecord> batch) {
    if (batch.empty()) return;
    const auto shard = batch.front().entry->record.shard;
    auto& own_shard = own(shard);
    const auto begun = steady_clock::now();
    const auto deadline = begun + options_.read_back_max;
    const auto sending = own_shard.begin(batch);
    try {
        if (!send(shard, batch, sending, deadline)) {
            own_shard.withdraw();
            throw LogWriteFailed("the queue to the brokers is full", false);
        }
    } catch (const kafka::KafkaError& error) {
        own_shard.fail(sending.session, error.what());
    }
    own_shard.await_batch(deadline);
    read_back_s_.observe(std::chrono::duration<double>(steady_clock::now() - begun).count());
}

bool KafkaLogClient::send(int shard, std::span<const PendingRecord> batch,
                          const kafka::OwnShard::Sending& sending, steady_clock::time_point deadline) {
    const auto sender = producer_of(shard);
    for (std::size_t i = 0; i < batch.size(); ++i) {
        const auto& events = batch[i].entry->record.events;
        const auto key = events.empty() ? std::string() : text_of(events.front().stream);
        while (!kafka::send_record(*sender, options_.url, shard, key, sending.records[i], sending.session)) {
            if (steady_clock::now() >= deadline) {
                own(shard).fail(sending.session, "the queue to the brokers is full");
                return i > 0;
            }
            std::this_thread::sleep_for(queue_full_wait);
        }
    }
    return true;
}

std::vector<LogEntryPtr> KafkaLogClient::read_after(const Frontier& after, std::size_t count_max) {
    recent_.require_readable();
    const auto count = std::min(count_max, page_records_max);
    std::vector<LogEntryPtr> page;
    if (count == 0) return page;
    // Old shards first: that ends, while new records may never.
    if (const auto gap = recent_.first_gap(after))
        page = old_.page(gap->shard, after.at(gap->shard), gap->last, count);
    recent_.read_after(after, count, page);
    return page;
}

LogEntryPtr KafkaLogClient::read_at(int shard, Position position) {
    recent_.require_readable();
    if (position < 1 || position > head().at(shard)) return nullptr;
    if (auto entry = recent_.at(shard, position)) return entry;
    return old_.at(shard, position);
}

Frontier start_of(const KafkaLogOptions& options, const kafka::FoundingMessage& founding) {
    if (!options.propose_start) return options.start;
    const auto proposed = options.propose_start(founding.epoch, founding.shard_count);
    auto start = Frontier::of_shards(founding.shard_count);
    kafka::Consumer consumer(kafka::consumer_config(options.url, options.properties));
    for (int shard = 0; shard < founding.shard_count; ++shard)
        if (const auto position = proposed.at(shard);
            position > 0 &&
            position <= consumer.range(options.url.events_topic(), shard, options.connect_max).end)
            start.advance(shard, position);
    return start;
}

}  // namespace

std::unique_ptr<KafkaLog> open_kafka_log(const KafkaLogOptions& options) {
    try {
        const auto founding = kafka::read_founding(options.url, options.properties, options.connect_max);
        if (!founding) throw LogRefused(options.url.text() + " is empty: `migrate` makes a log of it");
        return std::make_unique<KafkaLogClient>(options, *founding, start_of(options, *founding));
    } catch (const kafka::KafkaError& error) {
        throw LogRefused(options.url.text() + ": " + error.what());
    }
}

}  // namespace dacapo
