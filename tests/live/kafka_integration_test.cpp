// The feed for other systems on a real Kafka, read as they would: by kcat.
#include "infra/kafka/integration_topic.hpp"
#include "infra/kafka/topics.hpp"
#include "projections/integration.hpp"
#include "tests/support/kafka.hpp"
#include "tests/support/projected.hpp"

#include <doctest/doctest.h>
#include <array>
#include <set>

namespace dacapo {
namespace {

using namespace std::chrono_literals;
using testing::Broker;
using testing::MemoryLog;
using testing::Projector;

std::vector<std::string> lines_of(const std::string& command) {
    struct Close {
        void operator()(std::FILE* pipe) const { ::pclose(pipe); }
    };
    const std::unique_ptr<std::FILE, Close> pipe(::popen(command.c_str(), "re"));
    REQUIRE(pipe);
    std::vector<std::string> lines;
    std::array<char, 4096> line{};
    while (std::fgets(line.data(), static_cast<int>(line.size()), pipe.get()))
        lines.emplace_back(line.data(), std::string_view(line.data()).size() - 1);
    return lines;
}

}  // namespace

TEST_CASE(
    "kcat reads keys, headers and JSON of every event, also of those given out around a broker's death") {
    Broker broker;
    KafkaTopicsOptions topics;
    topics.url = broker.url("dacapo");
    topics.shard_count = 2;
    migrate_kafka(topics);

    TemporaryFolder folder;
    MemoryLog log(2, "00000000000000ee", MemoryLog::Positions::by_shard);
    Projector(log, folder / "read.db").catch_up();
    std::int64_t added = 0;
    const auto add = [&](int count) {
        for (int i = 0; i < count; ++i) {
            const std::int64_t roster = 32 + added++ % 2;
            log.add(static_cast<int>(roster % 2),
                    {{{StreamKind::roster, roster}, RosterEvent(CapacitySet{{roster}, added})}},
                    Timestamp{1'710'417'600'123ms});
        }
    };
    IntegrationTopic topic(topics.url, {});
    IntegrationOptions options;
    options.database_url = testing::database_url_for(folder / "read.db");
    options.source = "/dacapo";
    options.publish = [&](std::span<const CloudEvent> events, const std::atomic<bool>& stopping) {
        return topic.publish(events, stopping);
    };
    Integration integration(log, options);
    integration.start();
    const auto given_out = [&] {
        const auto deadline = std::chrono::steady_clock::now() + 90s;
        while (integration.lag_records() > 0) {
            REQUIRE(std::chrono::steady_clock::now() < deadline);
            std::this_thread::sleep_for(10ms);
        }
    };
    add(500);
    given_out();
    broker.kill();
    add(500);
    CHECK(integration.lag_records() == 500);
    broker.revive();
    given_out();
    integration.stop();

    const auto lines = lines_of("kcat -b " + topics.url.brokers + " -t " + topics.url.integration_topic() +
                                " -C -o beginning -e -q -f '%p|%k|%h|%s\\n'");
    std::set<std::string> seen;
    std::array<std::int64_t, 2> newest{};
    for (const auto& line : lines) {
        if (!seen.insert(line).second) continue;
        const auto shard = static_cast<std::size_t>(line.front() - '0');
        const auto roster = 32 + static_cast<std::int64_t>(shard);
        const auto version = ++newest[shard];
        const auto name = "roster-" + std::to_string(roster);
        const auto capacity = 2 * version - 1 + static_cast<std::int64_t>(shard);
        auto digits = std::to_string(version);
        digits.insert(0, 16 - digits.size(), '0');
        CHECK(line == std::to_string(shard) + '|' + name +
                          "|content-type=application/json,ce_specversion=1.0,ce_id=00000000000000ee-" +
                          std::to_string(shard) + '-' + std::to_string(version) +
                          "-0,ce_source=/dacapo,ce_type=roster.capacity-set,ce_subject=" + name +
                          ",ce_time=2024-03-14T12:00:00.123Z,ce_partitionkey=" + name + ",ce_sequence=" +
                          digits + ",ce_typeversion=1|{\"gathering_id\":" + std::to_string(roster) +
                          ",\"capacity\":" + std::to_string(capacity) + '}');
    }
    CHECK(std::ssize(seen) == added);
    CHECK(newest == std::array<std::int64_t, 2>{500, 500});
}

}  // namespace dacapo
