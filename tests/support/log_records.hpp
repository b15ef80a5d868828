// Made-up records for tests of the log, which does not care what they say, and small ways to write them.
// A batch keeps each shard's sequence, as the shards do.
#pragma once

#include "events/codec.hpp"
#include "infra/log/event_log.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace dacapo {

inline Record sample_record(int shard, std::int64_t sequence, const std::string& note = "note") {
    Record record;
    record.shard = shard;
    record.sequence = sequence;
    record.command_id.bytes[0] = static_cast<std::uint8_t>(shard);
    record.command_id.bytes[15] = static_cast<std::uint8_t>(sequence);
    record.actor = UserId{7};
    record.time = Timestamp{std::chrono::milliseconds{1'700'000'000'000 + sequence}};
    record.correlation_id = note;
    const RosterEvent joined = ParticipantJoined{GatheringId{16 + shard}, UserId{sequence}, record.time};
    record.events.push_back({{StreamKind::roster, 16 + shard}, sequence, joined});
    return record;
}

inline PendingRecord pending(Record record) {
    auto payload = encode(record);
    return {std::make_shared<LogEntry>(LogEntry{0, std::move(record)}), std::move(payload)};
}

// Writes records round the shards, each shard's sequence going on where it was.
class SampleWriter {
public:
    explicit SampleWriter(EventLog& log, std::map<int, std::int64_t> sequences = {})
        : log_(log), sequences_(std::move(sequences)) {}

    std::vector<PendingRecord> batch(int count, const std::string& note = "note") {
        std::vector<PendingRecord> batch;
        for (int i = 0; i < count; ++i) {
            const int shard = next_shard_++ % log_.shard_count();
            batch.push_back(pending(sample_record(shard, ++sequences_[shard], note)));
        }
        return batch;
    }

    // Returns what was written. After a failure the sequences are as before.
    std::vector<PendingRecord> append(int count, const std::string& note = "note") {
        const auto sequences_before = sequences_;
        const auto shard_before = next_shard_;
        auto written = batch(count, note);
        try {
            log_.append(written);
        } catch (...) {
            sequences_ = sequences_before;
            next_shard_ = shard_before;
            throw;
        }
        return written;
    }

private:
    EventLog& log_;
    std::map<int, std::int64_t> sequences_;
    int next_shard_ = 0;
};

}  // namespace dacapo
