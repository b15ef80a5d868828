// Reads one shard's partition in order and judges each message: valid, void, or damage.
// The tail, the pages of old records and every other reader go through here, so that all of them find the
// same.
#pragma once

#include "infra/kafka/log_messages.hpp"
#include "infra/log/event_log.hpp"

#include <optional>

namespace dacapo::kafka {

// The offset at which to begin, to know all that follows `after`: at that record itself, because it says how
// the shard stood there.
inline std::int64_t offset_to_begin(Position after) { return after > 0 ? after - 1 : 0; }

struct Judged {
    enum class What {
        begun,  // the record that was known already
        valid,
        barrier,
        void_record,  // skipped, for `reason`
        other         // says nothing about records
    };
    What what = What::other;
    Position position = 0;
    RecordMessage record;       // of `begun` and `valid`; of `barrier` the newest valid one's mark and hash
    WriterSession session = 0;  // of `barrier`
    std::string_view reason;    // of `void_record`
};

class PartitionFold {
public:
    // Goes on after a valid record at this position; 0: from the beginning.
    PartitionFold(int shard, Position after)
        : shard_(shard), begins_after_(after), next_offset_(offset_to_begin(after)) {}

    // The message at the next offset; one before it is `other`. Throws LogRefused: messages are missing, the
    // record that was known is not there, or a valid one breaks its hash chain.
    Judged take(const Message& message);

    std::int64_t next_offset() const { return next_offset_; }

private:
    void judge(Judged& judged, const RecordMessage& record);
    [[noreturn]] void refuse(Position position, const std::string& why) const;

    int shard_;
    Position begins_after_;
    std::int64_t next_offset_;
    ShardReader reader_;
    RecordHash hash_{};
    ChainHasher hasher_;
};

// The record's content. Throws LogRefused when it does not decode, or says other things than its headers.
LogEntryPtr decoded(int shard, Position position, const RecordMessage& record);

}  // namespace dacapo::kafka
