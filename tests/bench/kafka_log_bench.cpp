// How fast the Kafka log appends: each shard with a thread of its own that appends batch after batch, as the
// shards do. On a mock cluster in this process, whose brokers answer at once or after a round trip, or on a
// real one:
//   kafka_log_bench SECONDS [kafka://HOST:PORT/NAME]      (a log that `migrate` made; its records stay there)
#include "tests/support/kafka_shard.hpp"
#include "tests/support/mock_kafka.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <thread>

namespace {

using namespace dacapo;
using Clock = std::chrono::steady_clock;

struct Load {
    int shards;
    int batch_records;
};
constexpr Load loads[] = {{1, 1}, {1, 100}, {1, 1'000}, {16, 1}, {16, 100}};

struct Taken {
    std::int64_t records = 0;
    std::vector<double> batches_ms;
};

Taken write(KafkaLog& log, int shard, int batch_records, Clock::time_point end) {
    testing::KafkaShard writer(log, shard);
    Taken taken;
    for (auto before = Clock::now(); before < end;) {
        writer.append(batch_records);
        const auto after = Clock::now();
        taken.batches_ms.push_back(std::chrono::duration<double, std::milli>(after - before).count());
        taken.records += batch_records;
        before = after;
    }
    return taken;
}

void measure(const KafkaLogOptions& options, Load load, std::chrono::seconds how_long, int round_trip_ms) {
    const auto log = open_kafka_log(options);
    log->take(0);  // The producer's first connection is not what is measured.
    std::vector<Taken> taken(static_cast<std::size_t>(load.shards));
    const auto begun = Clock::now();
    {
        std::vector<std::jthread> threads;
        for (int shard = 0; shard < load.shards; ++shard)
            threads.emplace_back([&, shard] {
                taken[static_cast<std::size_t>(shard)] =
                    write(*log, shard, load.batch_records, begun + how_long);
            });
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - begun).count();
    Taken all;
    for (auto& one : taken) {
        all.records += one.records;
        all.batches_ms.insert(all.batches_ms.end(), one.batches_ms.begin(), one.batches_ms.end());
    }
    std::ranges::sort(all.batches_ms);
    std::printf(
        "{\"shards\": %d, \"batch_records\": %d, \"round_trip_ms\": %d, \"records_per_second\": %.0f, "
        "\"read_back_ms_p50\": %.2f, \"read_back_ms_p99\": %.2f}\n",
        load.shards, load.batch_records, round_trip_ms, static_cast<double>(all.records) / seconds,
        all.batches_ms[all.batches_ms.size() / 2], all.batches_ms[all.batches_ms.size() * 99 / 100]);
}

}  // namespace

int main(int argument_count, char** arguments) {
    const int seconds = argument_count > 1 ? std::atoi(arguments[1]) : 0;
    if (seconds < 1) {
        std::fputs("usage: kafka_log_bench SECONDS [kafka://HOST:PORT/NAME]\n", stderr);
        return 2;
    }
    for (const auto load : loads) {
        if (argument_count > 2) {
            KafkaLogOptions options;
            options.url = parse_kafka_url(arguments[2]);
            measure(options, load, std::chrono::seconds(seconds), 0);
            continue;
        }
        for (const int round_trip_ms : {0, 2}) {
            testing::MockKafka kafka(load.shards);
            auto options = kafka.options();
            // The mock does not wake a fetch for new records, so this is the least that it keeps them back.
            options.properties["fetch.wait.max.ms"] = "1";
            kafka.set_round_trip(std::chrono::milliseconds(round_trip_ms));
            measure(options, load, std::chrono::seconds(seconds), round_trip_ms);
        }
    }
    return 0;
}
