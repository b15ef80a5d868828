// The event log on a real broker: what librdkafka's mock cannot show. Topics and their settings, and a broker
// that is killed while it is written to.
#include "infra/kafka/kafka_log.hpp"
#include "infra/kafka/admin.hpp"
#include "infra/kafka/topics.hpp"

#include "tests/support/kafka.hpp"
#include "tests/support/kafka_shard.hpp"

#include <doctest/doctest.h>
#include <atomic>
#include <thread>

namespace dacapo {
namespace {

using namespace std::chrono_literals;
using testing::Broker;
using testing::KafkaShard;
using testing::records_after;

KafkaTopicsOptions topics(const KafkaUrl& url, int shard_count = 3) {
    KafkaTopicsOptions options;
    options.url = url;
    options.shard_count = shard_count;
    return options;
}

TEST_CASE("the migration makes topics that lose nothing, once, and refuses others") {
    Broker broker;
    const auto url = broker.url("dacapo");
    CHECK(migrate_kafka(topics(url)).size() == 5);
    CHECK(migrate_kafka(topics(url)).size() == 1);
    kafka::Admin admin(url, {}, 20s);
    auto events = admin.settings_of(url.events_topic());
    CHECK(events["retention.ms"] == "-1");
    CHECK(events["retention.bytes"] == "-1");
    CHECK(events["cleanup.policy"] == "delete");
    CHECK(admin.settings_of(url.owners_topic())["cleanup.policy"] == "compact");
    CHECK_THROWS_WITH_AS(migrate_kafka(topics(url, 4)), doctest::Contains("3 partitions"), LogRefused);

    const auto forgetful = broker.url("forgetful");
    admin.create({forgetful.events_topic(), 3, 1, {{"retention.ms", "1000"}}});
    CHECK_THROWS_WITH_AS(migrate_kafka(topics(forgetful)), doctest::Contains("retention.ms=1000"),
                         LogRefused);
    const auto compacted = broker.url("compacted");
    admin.create({compacted.events_topic(), 3, 1, {{"cleanup.policy", "compact"}, {"retention.ms", "-1"}}});
    CHECK_THROWS_WITH_AS(migrate_kafka(topics(compacted)), doctest::Contains("cleanup.policy=compact"),
                         LogRefused);
}

TEST_CASE("what was acknowledged before the broker was killed is in the log once, and it is written on") {
    Broker broker;
    KafkaLogOptions options;
    options.url = broker.url("dacapo");
    options.read_back_max = 3s;
    migrate_kafka(topics(options.url));
    const auto log = open_kafka_log(options);
    const auto epoch = log->epoch();
    KafkaShard shard(*log, 1);
    std::atomic<std::int64_t> acknowledged{0};
    std::jthread writer([&](const std::stop_token& stop) {
        while (!stop.stop_requested()) try {
                shard.append(1);
                acknowledged = shard.sequence();
            } catch (const LogInDoubt&) {
                return;
            }
    });
    while (acknowledged < 200) std::this_thread::sleep_for(1ms);
    broker.kill();
    writer.join();  // By its doubt.
    const auto before = acknowledged.load();
    broker.revive();
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    for (bool taken = false; !taken;) {
        REQUIRE(std::chrono::steady_clock::now() < deadline);
        try {
            shard.take();
            taken = true;
        } catch (const LogInDoubt&) {
        }
    }
    // The one in doubt is there or not; that is decided now.
    CHECK(shard.sequence() >= before);
    CHECK(shard.sequence() <= before + 1);
    shard.append(100);

    const auto fresh = open_kafka_log(options);
    CHECK(fresh->epoch() == epoch);
    const auto records = records_after(*fresh, fresh->start());
    CHECK(std::ssize(records) == shard.sequence());
    for (std::size_t i = 0; i < records.size(); ++i)
        CHECK(records[i].sequence == static_cast<std::int64_t>(i + 1));
}

}  // namespace
}  // namespace dacapo
