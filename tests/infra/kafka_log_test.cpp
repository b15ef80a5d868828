// What the Kafka log promises to who writes and reads it, while nothing goes wrong.
#include "infra/kafka/kafka_log.hpp"

#include "tests/support/kafka_shard.hpp"
#include "tests/support/mock_kafka.hpp"

#include <doctest/doctest.h>
#include <thread>

namespace dacapo {
namespace {

using namespace std::chrono_literals;
using testing::KafkaShard;
using testing::MockKafka;
using testing::records_after;

TEST_CASE("records on Kafka come back as they were written, in order, with their positions") {
    MockKafka kafka;
    const auto log = open_kafka_log(kafka.options());
    KafkaShard shard(*log, 0);
    const auto written = shard.append(5, "\xC3\xA9 \"quoted\" \n");

    const auto page = log->read_after(log->start(), 100);
    REQUIRE(page.size() == 5);
    for (std::size_t i = 0; i < page.size(); ++i) {
        CHECK(page[i]->record == written[i].entry->record);
        CHECK(page[i]->position == written[i].entry->position);
        CHECK(log->read_at(0, page[i]->position)->record == written[i].entry->record);
    }
    CHECK(log->head().at(0) == written.back().entry->position);
    CHECK(log->head().at(1) == 0);
    CHECK(log->read_after(log->head(), 100).empty());
    CHECK(log->read_at(0, log->head().at(0) + 1) == nullptr);
}

TEST_CASE("another process reads the same records") {
    MockKafka kafka;
    const auto writer = open_kafka_log(kafka.options());
    const auto follower = open_kafka_log(kafka.options());
    KafkaShard shard(*writer, 1);
    const auto written = shard.append(3);

    CHECK(follower->wait_past(follower->start(), 10s));
    testing::follow_to(*follower, writer->head());
    CHECK(records_after(*follower, follower->start()) == records_after(*writer, writer->start()));
    CHECK(follower->read_at(1, written[0].entry->position)->record == written[0].entry->record);
    CHECK(follower->epoch() == writer->epoch());
}

TEST_CASE("a log opened later has read all there was, and its shards go on from there") {
    MockKafka kafka;
    {
        const auto log = open_kafka_log(kafka.options());
        KafkaShard(*log, 0).append(4);
    }
    const auto log = open_kafka_log(kafka.options());
    CHECK(log->read_after(log->start(), 100).size() == 4);
    const auto term = log->take(0);
    auto batch = testing::batch_of(0, term, 5, 1);
    log->append(batch);
    CHECK(log->read_after(log->start(), 100).size() == 5);
}

TEST_CASE("nobody appends to a shard that it has not taken, or has given up, or out of sequence") {
    MockKafka kafka;
    const auto log = open_kafka_log(kafka.options());
    auto batch = testing::batch_of(0, 1, 1, 1);
    CHECK_THROWS_AS(log->append(batch), LogInDoubt);

    KafkaShard shard(*log, 0);
    shard.append(1);
    auto gap = testing::batch_of(0, shard.term(), 3, 1);
    CHECK_THROWS_AS(log->append(gap), LogInDoubt);
    shard.take();
    shard.append(1);
    log->give_up(0);
    auto late = testing::batch_of(0, shard.term(), 3, 1);
    CHECK_THROWS_AS(log->append(late), LogInDoubt);
    CHECK(log->read_after(log->start(), 100).size() == 2);
}

TEST_CASE("an empty batch on Kafka changes nothing") {
    MockKafka kafka;
    const auto log = open_kafka_log(kafka.options());
    log->append({});
    CHECK(log->head() == log->start());
}

TEST_CASE("shards are written by several threads at the same time") {
    MockKafka kafka(4);
    const auto log = open_kafka_log(kafka.options());
    std::vector<std::jthread> threads;
    for (int shard = 0; shard < 4; ++shard)
        threads.emplace_back([&log, shard] {
            KafkaShard writing(*log, shard);
            for (int i = 0; i < 20; ++i) writing.append(5);
        });
    threads.clear();
    std::vector<std::int64_t> sequences(4);
    for (const auto& record : records_after(*log, log->start()))
        CHECK(record.sequence == ++sequences[static_cast<std::size_t>(record.shard)]);
    CHECK(sequences == std::vector<std::int64_t>(4, 100));
}

TEST_CASE("old records are read from Kafka again, page by page, as they were") {
    MockKafka kafka(3);
    auto options = kafka.options();
    options.tail_records_max = 10;
    const auto log = open_kafka_log(options);
    std::vector<KafkaShard> shards;
    std::vector<PendingRecord> written;
    for (int shard = 0; shard < 3; ++shard) {
        shards.emplace_back(*log, shard);
        for (auto& pending : shards.back().append(50)) written.push_back(pending);
        shards.back().take();  // Barriers between records are nobody's business.
        for (auto& pending : shards.back().append(10)) written.push_back(pending);
    }
    for (const std::size_t page_size : {7u, 10'000u}) {
        CAPTURE(page_size);
        auto from = log->start();
        std::map<int, std::vector<Record>> found;
        for (auto page = log->read_after(from, page_size); !page.empty();
             page = log->read_after(from, page_size)) {
            CHECK(page.size() <= page_size);
            for (const auto& entry : page) found[entry->record.shard].push_back(entry->record);
            advance_over(from, page);
        }
        CHECK(from == log->head());
        std::map<int, std::vector<Record>> expected;
        for (const auto& pending : written)
            expected[pending.entry->record.shard].push_back(pending.entry->record);
        CHECK(found == expected);
    }
    const auto& old = *written[3].entry;
    CHECK(log->read_at(0, old.position)->record == old.record);
}

TEST_CASE("a log that is opened at a place reads on from there, and older records when they are asked for") {
    MockKafka kafka;
    const auto writer = open_kafka_log(kafka.options());
    KafkaShard shard(*writer, 0);
    shard.append(3);
    shard.take();
    shard.append(2);
    auto options = kafka.options();
    options.start = writer->head();
    shard.append(4);

    const auto log = open_kafka_log(options);
    CHECK(log->head() == writer->head());
    CHECK(records_after(*log, options.start) == records_after(*writer, options.start));
    CHECK(records_after(*log, log->start()) == records_after(*writer, writer->start()));
    const auto term = log->take(0);
    auto batch = testing::batch_of(0, term, 10, 1);
    log->append(batch);
    testing::follow_to(*writer, log->head());
    CHECK(records_after(*writer, writer->start()).size() == 10);
}

TEST_CASE("waiting ends with a new record of any shard, with wake() and with patience") {
    MockKafka kafka;
    const auto log = open_kafka_log(kafka.options());
    CHECK_FALSE(log->wait_past(log->head(), 1ms));
    KafkaShard shard(*log, 1);
    const auto before = log->head();
    std::jthread writer([&] { shard.append(1); });
    CHECK(log->wait_past(before, 20s));
    writer.join();

    std::atomic<bool> ended{false};
    std::jthread waiter([&] {
        log->wait_past(log->head(), 20s);
        ended = true;
    });
    while (!ended) log->wake();
}

TEST_CASE("a log knows itself: its epoch stays, another log has another") {
    MockKafka kafka;
    const auto epoch = open_kafka_log(kafka.options())->epoch();
    CHECK(epoch.size() == 16);
    CHECK(epoch.find_first_not_of("0123456789abcdef") == std::string::npos);
    CHECK(open_kafka_log(kafka.options())->epoch() == epoch);
    CHECK(kafka::found_log(kafka.url(), MockKafka::properties(), 10s).epoch == epoch);
    CHECK(MockKafka().options().url.name == kafka.url().name);
    MockKafka other;
    CHECK(open_kafka_log(other.options())->epoch() != epoch);
}

TEST_CASE("what is not a log of ours is not opened") {
    MockKafka kafka;
    auto options = kafka.options();
    options.url.name = "empty";
    kafka.make_topic("empty.events", 2);
    CHECK_THROWS_WITH_AS(open_kafka_log(options), doctest::Contains("is empty"), LogRefused);

    options.url.name = "theirs";
    kafka.make_topic("theirs.events", 2);
    kafka::Producer producer(kafka::producer_config(options.url, options.properties), [](const auto&) {});
    producer.send("theirs.events", 0, "k", "hello", {}, 0);
    const auto refusal = [&]() -> std::string {
        try {
            open_kafka_log(options);
        } catch (const LogRefused& error) {
            return error.what();
        }
        return {};
    };
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (refusal().find("another program's") == std::string::npos)
        REQUIRE(std::chrono::steady_clock::now() < deadline);
}

}  // namespace
}  // namespace dacapo
