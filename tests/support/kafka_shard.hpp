// Small ways to write one shard of a shared log and to read all of it, for tests.
#pragma once

#include "tests/support/log_records.hpp"

#include <stdexcept>

namespace dacapo::testing {

inline std::vector<PendingRecord> batch_of(int shard, std::int64_t term, std::int64_t first_sequence,
                                           int count, const std::string& note = "note") {
    std::vector<PendingRecord> batch;
    for (int i = 0; i < count; ++i) {
        auto record = sample_record(shard, first_sequence + i, note);
        record.term = term;
        batch.push_back(pending(std::move(record)));
    }
    return batch;
}

// All records after a place, as a follower reads them.
inline std::vector<Record> records_after(EventLog& log, Frontier from) {
    std::vector<Record> records;
    for (auto page = log.read_after(from, 1'000); !page.empty(); page = log.read_after(from, 1'000)) {
        for (const auto& entry : page) records.push_back(entry->record);
        advance_over(from, page);
    }
    return records;
}

inline void follow_to(EventLog& log, const Frontier& target) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!log.head().covers(target)) {
        if (std::chrono::steady_clock::now() > deadline)
            throw std::runtime_error("the log did not get there");
        log.wait_past(log.head(), std::chrono::milliseconds(100));
    }
}

// The writer of one shard, which goes on where the log ends.
class KafkaShard {
public:
    KafkaShard(SharedLog& log, int shard) : log_(&log), shard_(shard) { take(); }

    void take() {
        term_ = log_->take(shard_);
        sequence_ = 0;
        for (const auto& record : records_after(*log_, log_->start()))
            if (record.shard == shard_) sequence_ = record.sequence;
    }
    std::vector<PendingRecord> append(int count, const std::string& note = "note") {
        auto batch = batch_of(shard_, term_, sequence_ + 1, count, note);
        log_->append(batch);
        sequence_ += count;
        return batch;
    }
    std::int64_t term() const { return term_; }
    std::int64_t sequence() const { return sequence_; }

private:
    SharedLog* log_;
    int shard_;
    std::int64_t term_ = 0;
    std::int64_t sequence_ = 0;
};

}  // namespace dacapo::testing
