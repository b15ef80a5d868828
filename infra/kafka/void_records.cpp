#include "infra/kafka/void_records.hpp"

#include <fmt/format.h>

namespace dacapo::kafka {
namespace {

constexpr std::chrono::minutes warning_interval{1};

}  // namespace

void VoidRecords::note(int shard, std::int64_t offset, std::string_view reason, Clock::time_point now) {
    metrics_
        .counter("dacapo_kafka_void_records_total", "Records in the log that count for nobody",
                 {{"reason", std::string(reason)}})
        .add();
    if (!warn_) return;
    const auto [place, first] = told_.try_emplace(reason, Told{now, 0});
    auto& [at, since] = place->second;
    if (!first && now - at < warning_interval) {
        ++since;
        return;
    }
    const auto more = since > 0 ? fmt::format("; {} more since the last that was told", since) : "";
    at = now;
    since = 0;
    warn_(fmt::format("a record that counts for nobody ({}) at offset {} of shard {}{}", reason, offset,
                      shard, more));
}

}  // namespace dacapo::kafka
