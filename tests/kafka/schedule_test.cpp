// Three processes that fight for two shards while brokers fail in every way that the mock cluster knows, by
// chance. Whatever happened, each acknowledged command is in the log exactly once and all readers have read
// the same.
#include "infra/kafka/kafka_log.hpp"

#include "tests/support/kafka_shard.hpp"
#include "tests/support/mock_kafka.hpp"

#include <doctest/doctest.h>
#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <mutex>
#include <random>
#include <set>
#include <thread>

namespace dacapo {
namespace {

using namespace std::chrono_literals;
using testing::follow_to;
using testing::MockKafka;
using testing::records_after;

constexpr int shard_count = 2;
constexpr int node_count = 3;
constexpr auto duration = 12s;

// Which commands were acknowledged to clients, over all nodes.
class Clients {
public:
    CommandId new_command() {
        const std::lock_guard lock(mutex_);
        CommandId id;
        const auto number = ++commands_;
        for (std::size_t i = 0; i < 4; ++i) id.bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
        return id;
    }
    void acknowledge(int shard, const CommandId& id) {
        const std::lock_guard lock(mutex_);
        acknowledged_.emplace(shard, id);
    }
    std::set<std::pair<int, CommandId>> acknowledged() {
        const std::lock_guard lock(mutex_);
        return acknowledged_;
    }

private:
    std::mutex mutex_;
    std::uint32_t commands_ = 0;
    std::set<std::pair<int, CommandId>> acknowledged_;
};

// A process that writes one shard as long as it may, and takes it again when it wishes.
class Node {
public:
    Node(const MockKafka& kafka, Clients& clients, std::uint32_t seed)
        : log_(open_kafka_log(options(kafka))), clients_(clients), random_(seed) {}

    void run(const std::atomic<bool>& stopping) {
        while (!stopping) {
            const auto shard = static_cast<int>(random_() % shard_count);
            auto& mine = mine_[static_cast<std::size_t>(shard)];
            try {
                if (mine.term == 0) {
                    if (random_() % 8 != 0) {
                        std::this_thread::sleep_for(std::chrono::milliseconds(random_() % 20));
                        continue;
                    }
                    take(shard, mine);
                }
                append(shard, mine);
            } catch (const LogInDoubt&) {
                mine.term = 0;
            } catch (const LogWriteFailed&) {
            }
        }
    }
    KafkaLog& log() { return *log_; }

private:
    struct Mine {
        std::int64_t term = 0;
        std::int64_t sequence = 0;
        std::set<CommandId> known;          // folded
        std::vector<CommandId> unanswered;  // clients that repeat what they were not told
    };

    static KafkaLogOptions options(const MockKafka& kafka) {
        auto options = kafka.options();
        options.read_back_max = 1s;
        options.tail_records_max = 50;  // So that old pages are read while all this goes on.
        return options;
    }

    void take(int shard, Mine& mine) {
        const auto term = log_->take(shard);
        mine.known.clear();
        mine.sequence = 0;
        for (const auto& record : records_after(*log_, log_->start())) {
            if (record.shard != shard) continue;
            mine.sequence = record.sequence;
            mine.known.insert(record.command_id);
        }
        mine.term = term;
    }

    void append(int shard, Mine& mine) {
        auto commands = std::exchange(mine.unanswered, {});
        for (auto count = random_() % 5 + 1; count > 0; --count) commands.push_back(clients_.new_command());
        std::vector<PendingRecord> batch;
        for (const auto& id : commands) {
            if (mine.known.contains(id)) {
                clients_.acknowledge(shard, id);
                continue;
            }
            auto record = sample_record(shard, mine.sequence + std::ssize(batch) + 1);
            record.term = mine.term;
            record.command_id = id;
            batch.push_back(pending(std::move(record)));
        }
        try {
            log_->append(batch);
        } catch (...) {
            for (const auto& one : batch) mine.unanswered.push_back(one.entry->record.command_id);
            throw;
        }
        for (const auto& one : batch) {
            clients_.acknowledge(shard, one.entry->record.command_id);
            mine.known.insert(one.entry->record.command_id);
        }
        mine.sequence += std::ssize(batch);
    }

    std::unique_ptr<KafkaLog> log_;
    Clients& clients_;
    std::mt19937 random_;
    std::array<Mine, shard_count> mine_;
};

void disturb(MockKafka& kafka, std::mt19937& random) {
    const auto broker = static_cast<int>(random() % 3) + 1;
    const std::array errors{RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
                            RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND,
                            RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
                            RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR,
                            RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER,
                            RD_KAFKA_RESP_ERR__TRANSPORT,
                            RD_KAFKA_RESP_ERR_INVALID_RECORD};
    switch (random() % 6) {
        case 0:
        case 1:
            kafka.fail_next(MockKafka::produce,
                            {errors[random() % errors.size()], errors[random() % errors.size()]});
            break;
        case 2:
            kafka.fail_next(MockKafka::fetch,
                            {RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION});
            break;
        case 3:
            kafka.set_down(broker);
            std::this_thread::sleep_for(std::chrono::milliseconds(random() % 300));
            kafka.set_up(broker);
            break;
        case 4:
            kafka.lead(static_cast<int>(random() % shard_count), broker);
            break;
        case 5:
            // Longer than a request may take: what was stored is sent again.
            kafka.set_round_trip(std::chrono::milliseconds(random() % 1500), broker);
            std::this_thread::sleep_for(std::chrono::milliseconds(random() % 500));
            kafka.set_round_trip(0ms, broker);
            break;
    }
}

TEST_CASE(
    "whatever fails while three processes fight for the shards, what was acknowledged is in the log once") {
    const char* given = std::getenv("DACAPO_TEST_SEED");
    const auto seed = given ? static_cast<std::uint32_t>(std::atoll(given)) : std::random_device()();
    MESSAGE("DACAPO_TEST_SEED=" << seed);
    std::mt19937 random(seed);

    MockKafka kafka(shard_count, 3);
    Clients clients;
    std::vector<std::unique_ptr<Node>> nodes;
    for (int i = 0; i < node_count; ++i)
        nodes.push_back(std::make_unique<Node>(kafka, clients, static_cast<std::uint32_t>(random())));
    std::atomic<bool> stopping{false};
    std::vector<std::jthread> threads;
    for (auto& node : nodes) threads.emplace_back([&node, &stopping] { node->run(stopping); });
    const auto end = std::chrono::steady_clock::now() + duration;
    while (std::chrono::steady_clock::now() < end) {
        disturb(kafka, random);
        std::this_thread::sleep_for(std::chrono::milliseconds(random() % 200));
    }
    kafka.forget_failures(MockKafka::produce);
    kafka.forget_failures(MockKafka::fetch);
    stopping = true;
    threads.clear();

    const auto fresh = open_kafka_log(kafka.options());
    // From here on nothing that is still on its way is valid any longer.
    for (int shard = 0; shard < shard_count; ++shard) fresh->take(shard);
    const auto records = records_after(*fresh, fresh->start());
    std::array<std::int64_t, shard_count> sequences{};
    std::set<std::pair<int, CommandId>> found;
    for (const auto& record : records) {
        CHECK(record.sequence == ++sequences[static_cast<std::size_t>(record.shard)]);
        CHECK(found.emplace(record.shard, record.command_id).second);
    }
    const auto acknowledged = clients.acknowledged();
    for (const auto& command : acknowledged) CHECK(found.contains(command));
    MESSAGE(records.size() << " records, " << acknowledged.size() << " acknowledged");
    CHECK(acknowledged.size() > 20);
    for (auto& node : nodes) {
        follow_to(node->log(), fresh->head());
        auto theirs = records_after(node->log(), fresh->start());
        // Within a shard the order is the log's; between shards there is none.
        std::ranges::stable_sort(theirs, {}, &Record::shard);
        auto expected = records;
        std::ranges::stable_sort(expected, {}, &Record::shard);
        CHECK(theirs == expected);
    }
}

}  // namespace
}  // namespace dacapo
