#include "infra/kafka/partition_fold.hpp"

#include "events/codec.hpp"

#include <fmt/format.h>

namespace dacapo::kafka {
namespace {

[[noreturn]] void refuse_at(int shard, Position position, const std::string& why) {
    throw LogRefused(fmt::format("position {} of shard {}: {}", position, shard, why));
}

}  // namespace

void PartitionFold::refuse(Position position, const std::string& why) const {
    refuse_at(shard_, position, why);
}

Judged PartitionFold::take(const Message& message) {
    Judged judged;
    judged.position = message.offset() + 1;
    if (message.offset() < next_offset_) return judged;
    // No transactions, no compaction: offsets are dense, and a hole is something lost.
    if (message.offset() > next_offset_) refuse(next_offset_ + 1, "records are missing from here");
    ++next_offset_;

    const auto parsed = parse(message);
    if (begins_after_ > 0 && judged.position == begins_after_) {
        const auto* record = std::get_if<RecordMessage>(&parsed);
        if (!record) refuse(judged.position, "there is no record, but one was read here before");
        reader_ = ShardReader(record->mark);
        hash_ = record->hash;
        judged.what = Judged::What::begun;
        judged.record = *record;
    } else if (const auto* found = std::get_if<RecordMessage>(&parsed)) {
        judge(judged, *found);
    } else if (const auto* barrier = std::get_if<BarrierMessage>(&parsed)) {
        reader_.take_barrier(judged.position);
        judged.what = Judged::What::barrier;
        judged.session = barrier->session;
        judged.record.mark = reader_.newest();
        judged.record.hash = hash_;
    } else if (std::holds_alternative<ForeignMessage>(parsed)) {
        judged.what = Judged::What::void_record;
        judged.reason = "foreign";
    }
    return judged;
}

void PartitionFold::judge(Judged& judged, const RecordMessage& record) {
    if (const auto reason = reader_.take(record.mark)) {
        judged.what = Judged::What::void_record;
        judged.reason = name_of(*reason);
        return;
    }
    if (hasher_.next(hash_, record.payload) != record.hash)
        refuse(judged.position, "the hash chain is broken");
    hash_ = record.hash;
    judged.what = Judged::What::valid;
    judged.record = record;
}

LogEntryPtr decoded(int shard, Position position, const RecordMessage& record) {
    auto entry = std::make_shared<LogEntry>();
    entry->position = position;
    try {
        entry->record = decode(record.payload);
    } catch (const CodecError& error) {
        refuse_at(shard, position, error.what());
    }
    if (entry->record.shard != shard || entry->record.term != record.mark.term ||
        entry->record.sequence != record.mark.sequence)
        refuse_at(shard, position, "the record says other things than its headers");
    return entry;
}

}  // namespace dacapo::kafka
