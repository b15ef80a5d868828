#include "projections/cloud_events.hpp"

#include "events/codec.hpp"
#include "events/shared_data.hpp"
#include "infra/wall_time.hpp"

#include <fmt/format.h>

namespace dacapo {

std::vector<CloudEvent> cloud_events_of(const LogEntry& entry, const std::string& epoch,
                                        const std::string& source) {
    const auto& record = entry.record;
    const auto time = format_utc_ms(record.time);
    std::vector<CloudEvent> events;
    for (std::size_t i = 0; i < record.events.size(); ++i) {
        const auto& recorded = record.events[i];
        const auto type = type_of(recorded.event);
        CloudEvent event;
        event.partition_key = text_of(recorded.stream);
        event.shard = record.shard;
        event.attributes = {
            {"specversion", "1.0"},
            {"id", fmt::format("{}-{}-{}-{}", epoch, record.shard, record.sequence, i)},
            {"source", source},
            {"type", std::string(type.name)},
            {"subject", event.partition_key},
            {"time", time},
            {"partitionkey", event.partition_key},
            // Within the subject, without a gap. The extension asks for texts whose order is that of the
            // events.
            {"sequence", fmt::format("{:016}", recorded.version)},
            {"typeversion", std::to_string(type.version)},
        };
        if (!record.traceparent.empty()) event.attributes.emplace_back("traceparent", record.traceparent);
        event.data = shared_data(recorded.event);
        events.push_back(std::move(event));
    }
    return events;
}

}  // namespace dacapo
