// Pages of records that are no longer in memory, read from the brokers again.
// One partition at a time, by consumers of their own that are kept where the last page ended: who replays a
// shard reads on without a new beginning.
#pragma once

#include "infra/kafka/partition_fold.hpp"

#include <memory>
#include <mutex>
#include <vector>

namespace dacapo::kafka {

class OldRecords {
public:
    // `patience`: how long one record is waited for.
    OldRecords(KafkaUrl url, Properties properties, std::chrono::milliseconds patience);
    ~OldRecords();

    // Up to `count_max` valid records after `after`, at least one; `last` is a valid one's position and ends
    // the page. Throws LogRefused at damage, LogInDoubt when the brokers do not answer.
    std::vector<LogEntryPtr> page(int shard, Position after, Position last, std::size_t count_max);
    // Null when there is no record at this position.
    LogEntryPtr at(int shard, Position position);

private:
    struct Reader;
    class Lease;

    // The one that stands there already, or any other.
    Lease lease(int shard, Position after);

    const KafkaUrl url_;
    const Properties properties_;
    const std::chrono::milliseconds patience_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<Reader>> idle_;  // the one used last at the end
};

}  // namespace dacapo::kafka
