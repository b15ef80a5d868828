// Events on their way to other systems: the topic is that of librdkafka's mock, the log is in memory.
#include "projections/integration.hpp"

#include "infra/kafka/integration_topic.hpp"
#include "projections/cloud_events.hpp"
#include "tests/support/mock_kafka.hpp"
#include "tests/support/projected.hpp"

#include <doctest/doctest.h>
#include <map>

namespace dacapo {
namespace {

using namespace std::chrono_literals;
using testing::MemoryLog;
using testing::MockKafka;
using testing::Projector;

constexpr int shard_count = 2;

struct Received {
    int partition = 0;
    std::string key, id, subject, sequence, content_type, data;
};

// What stands in the topic, in its order.
std::vector<Received> received(const MockKafka& kafka) {
    kafka::Consumer consumer(kafka::consumer_config(kafka.url(), MockKafka::properties()));
    const auto topic = kafka.url().integration_topic();
    std::vector<kafka::Consumer::Start> starts;
    std::int64_t count = 0;
    for (int partition = 0; partition < shard_count; ++partition) {
        starts.push_back({partition, 0});
        count += consumer.range(topic, partition, 10s).end;
    }
    consumer.assign(topic, starts);
    std::vector<Received> all;
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (std::ssize(all) < count) {
        REQUIRE(std::chrono::steady_clock::now() < deadline);
        const auto message = consumer.poll(100ms);
        if (!message || message.error() != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
        const auto header = [&](const char* name) { return std::string(message.header(name).value_or("")); };
        all.push_back({message.partition(), std::string(message.key()), header("ce_id"), header("ce_subject"),
                       header("ce_sequence"), header("content-type"), std::string(message.value())});
    }
    return all;
}

template <class Holds>
bool soon(Holds&& holds) {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (!holds()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(1ms);
    }
    return true;
}

struct Stage {
    Stage() {
        kafka.make_topic(kafka.url().integration_topic(), shard_count);
        Projector(log, folder / "read.db").catch_up();  // The tables are there and of this log.
    }
    // Two streams in each shard, their events mixed.
    void add(int records) {
        for (int i = 0; i < records; ++i) {
            ++added;
            const std::int64_t roster = 32 + added % 4;
            log.add(static_cast<int>(roster % shard_count),
                    {{{StreamKind::roster, roster}, RosterEvent(RosterOpened{{roster}, added})},
                     {{StreamKind::roster, roster}, RosterEvent(CapacitySet{{roster}, added})}});
        }
    }
    IntegrationOptions options(IntegrationTopic& topic) {
        IntegrationOptions made;
        made.database_url = testing::database_url_for(folder / "read.db");
        made.source = "/test";
        made.batch_records_max = 7;
        made.publish = [&topic](std::span<const CloudEvent> events, const std::atomic<bool>& stopping) {
            return topic.publish(events, stopping);
        };
        return made;
    }
    IntegrationTopic topic() const { return {kafka.url(), MockKafka::properties()}; }

    // Nothing is missing, and who drops what has come before has each stream in order. The answer is how many
    // came again.
    std::int64_t check_complete() {
        std::map<std::string, std::int64_t> newest;
        std::map<std::string, std::string> data_of_id;
        std::int64_t repeated = 0;
        for (const auto& event : received(kafka)) {
            CHECK(event.key == event.subject);
            CHECK(event.content_type == "application/json");
            CHECK(event.partition == (event.key.back() - '0') % shard_count);
            const auto [place, first] = data_of_id.emplace(event.id, event.data);
            if (first) {
                CHECK(std::stoll(event.sequence) == ++newest[event.subject]);
            } else {
                CHECK(place->second == event.data);
                ++repeated;
            }
        }
        CHECK(std::ssize(data_of_id) == 2 * added);
        return repeated;
    }

    TemporaryFolder folder;
    MemoryLog log{shard_count, "00000000000000ee", MemoryLog::Positions::by_shard};
    MockKafka kafka{shard_count};
    std::int64_t added = 0;
};

}  // namespace

TEST_CASE("every event comes once, by its stream as key, also those of a log that was never given out") {
    Stage stage;
    stage.add(40);
    auto topic = stage.topic();
    Integration integration(stage.log, stage.options(topic));
    CHECK(integration.lag_records() == 40);
    integration.start();
    CHECK(soon([&] { return integration.lag_records() == 0; }));
    stage.add(3);
    CHECK(soon([&] { return integration.lag_records() == 0; }));
    integration.stop();
    CHECK(stage.check_complete() == 0);
}

TEST_CASE("a worker that ends before it has remembered a batch gives it out again, by the same ids") {
    Stage stage;
    stage.add(30);
    auto topic = stage.topic();
    auto options = stage.options(topic);
    struct Killed : std::runtime_error {
        using std::runtime_error::runtime_error;
    };
    int batches = 0;
    SUBCASE("after the whole batch") {
        options.publish = [&](std::span<const CloudEvent> events, const std::atomic<bool>& stopping) {
            topic.publish(events, stopping);
            if (++batches == 2) throw Killed("now");
            return true;
        };
    }
    SUBCASE("in its middle") {
        options.publish = [&](std::span<const CloudEvent> events, const std::atomic<bool>& stopping) {
            const bool last = ++batches == 2;
            topic.publish(last ? events.first(events.size() / 2) : events, stopping);
            if (last) throw Killed("now");
            return true;
        };
    }
    {
        Integration killed(stage.log, options);
        CHECK(killed.step());
        CHECK_THROWS_AS(killed.step(), Killed);
    }
    Integration next(stage.log, stage.options(topic));
    while (next.step()) continue;
    CHECK(next.lag_records() == 0);
    CHECK(stage.check_complete() > 0);
}

TEST_CASE("an outage of the brokers only makes it late") {
    Stage stage;
    auto topic = stage.topic();
    Integration integration(stage.log, stage.options(topic));
    stage.add(10);
    integration.start();
    CHECK(soon([&] { return integration.lag_records() == 0; }));
    stage.kafka.set_down();
    stage.add(30);
    // The read models of the same process go on meanwhile.
    Projector projector(stage.log, stage.folder / "read.db");
    projector.catch_up();
    CHECK(checkpoint_of(projector.database.writer(), stage.log.start()).frontier == stage.log.head());
    CHECK(integration.lag_records() == 30);
    SUBCASE("until they are back") {
        stage.kafka.set_up();
        CHECK(soon([&] { return integration.lag_records() == 0; }));
    }
    SUBCASE("and does not hold up a stop") {
        integration.stop();
        stage.kafka.set_up();
        auto topic_again = stage.topic();
        Integration next(stage.log, stage.options(topic_again));
        while (next.step()) continue;
    }
    integration.stop();
    stage.check_complete();
}

TEST_CASE("requests that fail and connections that break change nothing of the order") {
    Stage stage;
    stage.add(60);
    auto topic = stage.topic();
    Integration integration(stage.log, stage.options(topic));
    for (int i = 0; i < 6; ++i) {
        stage.kafka.fail_next(MockKafka::produce,
                              {RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS});
        CHECK(integration.step());
    }
    while (integration.step()) continue;
    stage.check_complete();
}

TEST_CASE("two workers that believe in the same shards lose nothing") {
    Stage stage;
    stage.add(50);
    auto topic = stage.topic();
    auto other_topic = stage.topic();
    Integration one(stage.log, stage.options(topic));
    Integration other(stage.log, stage.options(other_topic));
    for (bool moved = true; moved;) {
        moved = one.step();
        moved = other.step() || moved;
    }
    CHECK(one.lag_records() == 0);
    stage.check_complete();
}

TEST_CASE("workers that divide the shards give out each event once") {
    Stage stage;
    stage.add(50);
    auto topic = stage.topic();
    Integration one(stage.log, stage.options(topic));
    Integration other(stage.log, stage.options(topic));
    one.publish_only({0});
    other.publish_only({});
    CHECK_FALSE(other.step());
    CHECK(other.lag_records() == 0);
    while (one.step()) continue;
    CHECK(one.lag_records() == 0);
    other.publish_only({1});
    while (other.step()) continue;
    CHECK(stage.check_complete() == 0);
    // And a shard that changes hands goes on where it was.
    one.publish_only({});
    other.publish_only({0, 1});
    stage.add(4);
    while (other.step()) continue;
    CHECK(stage.check_complete() == 0);
}

TEST_CASE("a log made anew is given out from its beginning") {
    Stage stage;
    stage.add(10);
    auto topic = stage.topic();
    {
        Integration before(stage.log, stage.options(topic));
        while (before.step()) continue;
    }
    MemoryLog anew(shard_count, "00000000000000ff", MemoryLog::Positions::by_shard);
    anew.add(0, {{{StreamKind::roster, 32}, RosterEvent(RosterOpened{{32}, 1})}});
    Integration after(anew, stage.options(topic));
    CHECK_FALSE(after.step());  // The tables are still those of the other log.
    Projector(anew, stage.folder / "read.db").catch_up();
    CHECK(after.step());
    CHECK(after.lag_records() == 0);
    CHECK(received(stage.kafka).size() == 21);
}

}  // namespace dacapo
