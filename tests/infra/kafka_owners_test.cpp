// Where a shard's writer is said to be.
#include "infra/kafka/owners.hpp"

#include "tests/support/mock_kafka.hpp"

#include <doctest/doctest.h>

namespace dacapo {
namespace {

using namespace std::chrono_literals;
using testing::MockKafka;

void wait_for(const ShardOwners& owners, int shard, const std::string& url) {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (owners.url_of(shard) != url) {
        REQUIRE(std::chrono::steady_clock::now() < deadline);
        std::this_thread::sleep_for(1ms);
    }
}

TEST_CASE("everybody learns where a shard's writer is, also who comes later") {
    MockKafka kafka;
    const ShardOwnersOptions options{kafka.url(), MockKafka::properties()};
    ShardOwners writer(options);
    ShardOwners reader(options);
    CHECK(reader.url_of(1) == std::nullopt);
    writer.announce(1, "http://one.test:8001", 5);
    wait_for(reader, 1, "http://one.test:8001");
    wait_for(writer, 1, "http://one.test:8001");
    wait_for(ShardOwners(options), 1, "http://one.test:8001");
    CHECK(reader.url_of(0) == std::nullopt);
}

TEST_CASE("the writer of a later term stays, whoever speaks last") {
    MockKafka kafka;
    const ShardOwnersOptions options{kafka.url(), MockKafka::properties()};
    ShardOwners owners(options);
    owners.announce(0, "http://new.test", 9);
    owners.announce(0, "http://old.test", 4);
    owners.announce(1, "http://end.test", 1);
    wait_for(owners, 1, "http://end.test");
    CHECK(owners.url_of(0) == "http://new.test");
}

TEST_CASE("what is not an announcement is passed over") {
    MockKafka kafka;
    const ShardOwnersOptions options{kafka.url(), MockKafka::properties()};
    ShardOwners owners(options);
    kafka::Producer raw(kafka::producer_config(kafka.url(), MockKafka::properties()), [](const auto&) {});
    raw.send(kafka.url().owners_topic(), 0, "0", "nonsense", {}, 0);
    raw.send(kafka.url().owners_topic(), 0, "x", R"({"url":"http://x.test","term":1})", {}, 0);
    raw.send(kafka.url().owners_topic(), 0, "1", R"({"url":"http://one.test","term":1})", {}, 0);
    wait_for(owners, 1, "http://one.test");
    CHECK(owners.url_of(0) == std::nullopt);
}

}  // namespace
}  // namespace dacapo
