// What the Kafka log does when something goes wrong: brokers that refuse or vanish, writers that do not know
// that they have been replaced, and contents that no writer would have made.
#include "infra/kafka/kafka_log.hpp"

#include "tests/support/kafka_shard.hpp"
#include "tests/support/mock_kafka.hpp"

#include <doctest/doctest.h>
#include <atomic>
#include <mutex>
#include <thread>

namespace dacapo {
namespace {

using namespace std::chrono_literals;
using testing::batch_of;
using testing::follow_to;
using testing::KafkaShard;
using testing::MockKafka;
using testing::RawWriter;
using testing::records_after;

template <class Condition>
void wait_for(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (!condition()) {
        REQUIRE(std::chrono::steady_clock::now() < deadline);
        std::this_thread::sleep_for(1ms);
    }
}

std::vector<std::int64_t> sequences_of(EventLog& log) {
    std::vector<std::int64_t> sequences;
    for (const auto& record : records_after(log, log.start())) sequences.push_back(record.sequence);
    return sequences;
}

std::vector<std::int64_t> up_to(std::int64_t last) {
    std::vector<std::int64_t> numbers;
    for (std::int64_t i = 1; i <= last; ++i) numbers.push_back(i);
    return numbers;
}

std::string fault_of_reading(EventLog& log) {
    try {
        log.read_after(log.start(), 1);
    } catch (const LogRefused& error) {
        return error.what();
    }
    return {};
}

TEST_CASE("a log is opened while the leaders of its partitions are being elected") {
    MockKafka kafka;
    kafka.fail_next(MockKafka::list_offsets, std::vector(4, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION));
    CHECK_NOTHROW(open_kafka_log(kafka.options()));
}

TEST_CASE("who takes a shard deposes its writer, who hears of it and appends no more") {
    MockKafka kafka;
    const auto first = open_kafka_log(kafka.options());
    const auto second = open_kafka_log(kafka.options());
    std::atomic<int> deposed{-1};
    first->on_deposed([&](int shard) { deposed = shard; });
    KafkaShard old_writer(*first, 1);
    old_writer.append(2);

    KafkaShard new_writer(*second, 1);
    wait_for([&] { return deposed == 1; });
    CHECK_THROWS_AS(old_writer.append(1), LogInDoubt);
    CHECK(new_writer.sequence() == 2);
    new_writer.append(2);
    follow_to(*first, second->head());
    CHECK(sequences_of(*first) == up_to(4));
    CHECK(sequences_of(*second) == up_to(4));
}

TEST_CASE("a writer that is deposed by its own retaking is not told so") {
    MockKafka kafka;
    const auto log = open_kafka_log(kafka.options());
    std::atomic<int> deposed{0};
    log->on_deposed([&](int) { ++deposed; });
    KafkaShard shard(*log, 0);
    shard.append(1);
    shard.take();
    shard.append(1);
    CHECK(deposed == 0);
    CHECK(sequences_of(*log) == up_to(2));
}

TEST_CASE("records that no current writer sent are void for every reader, wherever it begins") {
    MockKafka kafka;
    Metrics metrics;
    auto options = kafka.options();
    options.metrics = &metrics;
    std::mutex mutex;
    std::vector<std::string> warnings;
    options.on_warning = [&](const std::string& what) {
        const std::lock_guard lock(mutex);
        warnings.push_back(what);
    };
    const auto log = open_kafka_log(options);
    KafkaShard shard(*log, 0);
    const auto first = shard.append(2);
    const auto old_term = shard.term();
    shard.take();
    const auto second = shard.append(1);

    RawWriter raw(kafka);
    const auto& repeated = second.front();
    raw.record(0, {old_term, 4}, {}, "late, from the writer before");
    raw.record(0, {shard.term(), 3}, {}, repeated.payload);
    raw.record(0, {shard.term(), 9}, {}, "after a gap");
    raw.record(0, {shard.term() + 100, 4}, {}, "of a term that never was");
    raw.foreign(0);
    const auto voids = [&](const char* reason) {
        return metrics
            .counter("dacapo_kafka_void_records_total", "Records in the log that count for nobody",
                     {{"reason", reason}})
            .value();
    };
    wait_for([&] {
        return voids("old_term") == 2 && voids("repeated") == 1 && voids("out_of_sequence") == 1 &&
               voids("foreign") == 1;
    });
    shard.append(2);
    CHECK(sequences_of(*log) == up_to(5));
    {
        // Founding, barrier, two records, barrier, one record: then the first of those above.
        const std::lock_guard lock(mutex);
        REQUIRE(warnings.size() == 4);  // one of each kind
        CHECK(warnings[0] == "a record that counts for nobody (old_term) at offset 6 of shard 0");
        CHECK(warnings[1] == "a record that counts for nobody (repeated) at offset 7 of shard 0");
    }

    const auto from_the_beginning = open_kafka_log(kafka.options());
    CHECK(sequences_of(*from_the_beginning) == up_to(5));
    for (const auto& begun : {first.back(), second.back()}) {
        auto later = kafka.options();
        later.start = Frontier::of_shards(2);
        later.start.advance(0, begun.entry->position);
        const auto from_the_middle = open_kafka_log(later);
        CHECK(records_after(*from_the_middle, later.start) == records_after(*log, later.start));
    }
}

TEST_CASE("a valid record that breaks the hash chain ends all reading and writing, and is told") {
    MockKafka kafka;
    std::mutex mutex;
    std::string told;
    auto options = kafka.options();
    options.on_fault = [&](const std::string& why) {
        const std::lock_guard lock(mutex);
        told = why;
    };
    const auto log = open_kafka_log(options);
    KafkaShard shard(*log, 0);
    shard.append(2);
    RawWriter raw(kafka);
    raw.record(0, {shard.term(), 3}, {}, "not what the chain says");
    wait_for([&] {
        const std::lock_guard lock(mutex);
        return !told.empty();
    });
    CHECK(told.find("hash chain") != told.npos);
    CHECK(fault_of_reading(*log) == told);
    CHECK_THROWS_AS(log->wait_past(log->head(), 1s), LogRefused);
    auto batch = batch_of(1, 1, 1, 1);
    CHECK_THROWS_AS(log->append(batch), LogBroken);
    CHECK_THROWS_AS(log->take(1), LogBroken);
    CHECK_THROWS_AS(open_kafka_log(kafka.options()), LogRefused);
}

TEST_CASE("a valid record that does not decode, or is another's, is damage") {
    for (const bool decodes : {false, true}) {
        CAPTURE(decodes);
        MockKafka kafka;
        const auto log = open_kafka_log(kafka.options());
        const auto term = log->take(1);
        const auto payload = decodes ? batch_of(0, term, 1, 1).front().payload : std::string("{}");
        RawWriter raw(kafka);
        raw.record(1, {term, 1}, ChainHasher().next({}, payload), payload);
        wait_for([&] { return !fault_of_reading(*log).empty(); });
        CHECK(fault_of_reading(*log).find("of shard 1") != std::string::npos);
    }
}

TEST_CASE("a log that ends before the place where reading should begin is refused") {
    MockKafka kafka;
    auto options = kafka.options();
    {
        const auto log = open_kafka_log(options);
        KafkaShard(*log, 0).append(2);
        options.start = log->head();
    }
    options.start.advance(0, options.start.at(0) + 5);
    CHECK_THROWS_AS(open_kafka_log(options), LogRefused);
}

TEST_CASE("a place where there is no record is refused") {
    MockKafka kafka;
    auto options = kafka.options();
    std::int64_t barrier = 0;
    {
        const auto log = open_kafka_log(options);
        barrier = log->take(1);
    }
    options.start = Frontier::of_shards(2);
    options.start.advance(1, barrier);
    CHECK_THROWS_AS(open_kafka_log(options), LogRefused);
}

TEST_CASE("errors that pass are not the writer's business") {
    MockKafka kafka;
    const auto log = open_kafka_log(kafka.options());
    KafkaShard shard(*log, 0);
    for (const auto error :
         {RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND,
          RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
          RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR, RD_KAFKA_RESP_ERR__TRANSPORT}) {
        CAPTURE(rd_kafka_err2name(error));
        kafka.fail_next(MockKafka::produce, {error});
        shard.append(3);
        kafka.fail_next(MockKafka::produce, {error, RD_KAFKA_RESP_ERR__TRANSPORT, error});
        shard.append(3);
        kafka.fail_next(MockKafka::fetch, {error == RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND
                                               ? RD_KAFKA_RESP_ERR__TRANSPORT
                                               : RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION});
        shard.append(3);
    }
    CHECK(sequences_of(*log) == up_to(shard.sequence()));
}

TEST_CASE("a batch that brokers refuse is in doubt, and the next term decides it") {
    MockKafka kafka;
    const auto log = open_kafka_log(kafka.options());
    KafkaShard shard(*log, 0);
    shard.append(2);
    kafka.fail_next(MockKafka::produce, {RD_KAFKA_RESP_ERR_INVALID_RECORD});
    CHECK_THROWS_AS(shard.append(2), LogInDoubt);
    CHECK_THROWS_AS(shard.append(2), LogInDoubt);  // Not before the shard was taken again.
    shard.take();
    CHECK(shard.sequence() == 2);
    shard.append(2);
    CHECK(sequences_of(*log) == up_to(4));
}

TEST_CASE("while no broker answers a batch ends in doubt in time, and all goes on when they are back") {
    MockKafka kafka;
    auto options = kafka.options();
    options.read_back_max = 1500ms;
    const auto log = open_kafka_log(options);
    KafkaShard shard(*log, 0);
    shard.append(2);
    wait_for([&] { return log->brokers_up() == 1; });
    kafka.set_down();
    const auto begun = std::chrono::steady_clock::now();
    CHECK_THROWS_AS(shard.append(1), LogInDoubt);
    CHECK(std::chrono::steady_clock::now() - begun < 10s);
    CHECK_THROWS_AS(log->take(0), LogInDoubt);
    wait_for([&] { return log->brokers_up() == 0; });
    kafka.set_up();
    wait_for([&] {
        try {
            shard.take();
            return true;
        } catch (const LogInDoubt&) {
            return false;
        }
    });
    shard.append(1);
    CHECK(sequences_of(*log) == up_to(shard.sequence()));
}

TEST_CASE("a shard whose leader moves is written and read on") {
    constexpr int broker_count = 3;
    MockKafka kafka(2, broker_count);
    const auto writer = open_kafka_log(kafka.options());
    const auto reader = open_kafka_log(kafka.options());
    KafkaShard shard(*writer, 0);
    int doubts = 0;
    for (int round = 0; round < 12; ++round) {
        // While a batch is on its way, and while nobody writes.
        std::thread mover([&] { kafka.lead(0, 1 + round % broker_count); });
        try {
            shard.append(3);
        } catch (const LogInDoubt&) {
            ++doubts;
            shard.take();
        }
        mover.join();
        kafka.lead(0, 1 + (round + 1) % broker_count);
    }
    shard.append(1);
    CHECK(doubts < 12);
    CHECK(shard.sequence() >= 3 * (12 - doubts) + 1);
    follow_to(*reader, writer->head());
    for (auto* const log : {writer.get(), reader.get()}) CHECK(sequences_of(*log) == up_to(shard.sequence()));
}

TEST_CASE("an answer that is lost on its way leaves one record, not two") {
    MockKafka kafka;
    const auto log = open_kafka_log(kafka.options());
    KafkaShard shard(*log, 0);
    shard.append(1);
    // Longer than a request may take: the broker stores, the client gives up waiting and sends again.
    kafka.set_round_trip(1200ms);
    try {
        shard.append(1);
    } catch (const LogInDoubt&) {
        // As good: what became of it is decided below.
    }
    kafka.set_round_trip(0ms);
    shard.take();
    shard.append(2);
    CHECK(sequences_of(*log) == up_to(shard.sequence()));
}

TEST_CASE("a producer that ended fatally is replaced, and the shard is written on") {
    MockKafka kafka;
    Metrics metrics;
    auto options = kafka.options();
    options.metrics = &metrics;
    const auto log = open_kafka_log(options);
    KafkaShard shard(*log, 0);
    shard.append(1);
    // The broker says that a record before this one is missing, which idempotence cannot mend.
    kafka.fail_next(MockKafka::produce, {RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER});
    CHECK_THROWS_AS(shard.append(1), LogInDoubt);
    shard.take();
    shard.append(2);
    CHECK(sequences_of(*log) == up_to(shard.sequence()));
    CHECK(metrics.counter("dacapo_kafka_producers_lost_total", "Producers that ended with a fatal error")
              .value() == 1);
}

TEST_CASE("offsets that the brokers have dropped stop the reading, which never begins anew by itself") {
    MockKafka kafka(2);
    auto options = kafka.options();
    {
        const auto log = open_kafka_log(options);
        KafkaShard shard(*log, 1);
        // The mock keeps 5 MiB of a partition; these do not compress.
        std::string noise;
        for (std::uint32_t i = 0, random = 1; i < 200'000; ++i) {
            random = random * 1'664'525 + 1'013'904'223;
            noise += static_cast<char>('a' + (random >> 24) % 26);
        }
        for (int i = 0; i < 60; ++i) shard.append(1, noise);
    }
    CHECK_THROWS_WITH_AS(open_kafka_log(options), doctest::Contains("can no longer be read"), LogRefused);
}

}  // namespace
}  // namespace dacapo
