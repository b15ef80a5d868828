#include "infra/kafka/paced_consumer.hpp"

#include "tests/support/mock_kafka.hpp"

#include <doctest/doctest.h>
#include <array>
#include <thread>

namespace dacapo {
namespace {

using namespace std::chrono_literals;
using testing::MockKafka;

constexpr int partition_count = 2;
constexpr auto patience = 20s;

struct Stage {
    MockKafka kafka{partition_count};
    const std::string topic = kafka.url().integration_topic();
    kafka::Producer producer{kafka::producer_config(kafka.url(), MockKafka::properties()),
                             [](const kafka::Producer::Failure& failure) { FAIL(failure.why); }};

    Stage() { kafka.make_topic(topic, partition_count); }

    void send(int count) {
        for (int i = 0; i < count; ++i) REQUIRE(producer.send(topic, i % partition_count, "", "x", {}, 0));
        REQUIRE(producer.await_sent(patience));
    }
    kafka::PacedConsumer consumer(kafka::PacedConsumer::Pace pace) {
        return {kafka::consumer_config(kafka.url(), MockKafka::properties()),
                [this] { return kafka::gathering_consumer_config(kafka.url(), MockKafka::properties()); },
                pace};
    }
};

constexpr std::array<kafka::Consumer::Start, partition_count> beginning{{{0, 0}, {1, 0}}};

// Reads `count` records more and checks that each partition's come in their order, none missing, none twice.
// Gives how often the manner changed meanwhile.
int read(kafka::PacedConsumer& consumer, std::array<std::int64_t, partition_count>& next,
         std::int64_t count) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    int changes = 0;
    bool gathering = consumer.is_gathering();
    while (count > 0) {
        REQUIRE(std::chrono::steady_clock::now() < deadline);
        const auto message = consumer.poll(5ms);
        if (consumer.is_gathering() != gathering) {
            gathering = !gathering;
            ++changes;
        }
        if (!message || message.error() != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
        REQUIRE(message.offset() == next.at(static_cast<std::size_t>(message.partition()))++);
        --count;
    }
    return changes;
}

template <class Holds>
bool polled_until(kafka::PacedConsumer& consumer, Holds&& holds) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!holds()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        consumer.poll(5ms);
    }
    return true;
}

}  // namespace

TEST_CASE(
    "a follower lets brokers gather while much comes in small pieces, and no longer when it has ceased") {
    Stage stage;
    kafka::PacedConsumer::Pace pace;
    pace.interval = 50ms;
    pace.answers_per_s_max = 1;
    auto consumer = stage.consumer(pace);
    consumer.assign(stage.topic, beginning);
    std::array<std::int64_t, partition_count> next{};
    CHECK_FALSE(consumer.is_gathering());
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!consumer.is_gathering()) {
        REQUIRE(std::chrono::steady_clock::now() < deadline);
        stage.send(2);
        read(consumer, next, 2);
    }
    CHECK(polled_until(consumer, [&] { return !consumer.is_gathering(); }));
    stage.send(10);
    read(consumer, next, 10);
    CHECK(consumer.end_heard(stage.topic, 0) == next[0]);
}

TEST_CASE("nothing is lost and nothing comes twice when the manner of reading changes") {
    Stage stage;
    kafka::PacedConsumer::Pace pace;
    pace.interval = 10ms;
    pace.answers_per_s_max = 0;
    pace.records_per_answer_min = 1e9;
    pace.records_per_s_min = 1e9;  // to and fro, with every look at it
    auto consumer = stage.consumer(pace);
    consumer.assign(stage.topic, beginning);
    std::array<std::int64_t, partition_count> next{};
    int changes = 0;
    for (int round = 0; round < 40; ++round) {
        stage.send(500);
        changes += read(consumer, next, 500);
    }
    CHECK(changes >= 4);
    CHECK(next == std::array<std::int64_t, partition_count>{10'000, 10'000});
}

}  // namespace dacapo
