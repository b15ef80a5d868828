// Reading what the log's database file holds: pages of records, single ones, and the check of all of it.
// On read-only connections of its own, in short transactions, so that no reader keeps the writer from its
// work.
#pragma once

#include "infra/log/chain.hpp"
#include "infra/log/sqlite_handle.hpp"
#include "infra/log/sqlite_log.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace dacapo {

// One long SELECT would keep the write-ahead log from ever starting anew.
inline constexpr std::size_t page_records_max = 10'000;
inline constexpr int log_format = 1;

// Any thread. Everything throws LogRefused with the position (or the file) at what cannot be read.
class StoredRecords {
public:
    StoredRecords(std::filesystem::path file, std::string vfs);
    ~StoredRecords();

    int shard_count() const { return shard_count_; }
    const std::string& epoch() const { return epoch_; }

    Position head() const;
    // The newest record of each shard, as the last batch left them.
    ChainHeads chain_heads() const;
    // Exactly the records after `position` up to `last`, at most page_records_max of them.
    std::vector<LogEntryPtr> page(Position position, Position last) const;
    // Nothing when the log ends before it.
    std::optional<RecordHash> hash_at(Position position) const;

    // Checks the records after `position` up to `last`: dense, each chain unbroken, each text a record that
    // agrees with its row. `progress` is told the position after each page and may answer false: enough.
    std::optional<LogFault> first_fault(Position position, Position last,
                                        const std::function<bool(Position)>& progress) const;
    // Checks the newest records, from the one after `position` on, against the chain heads. Throws
    // LogRefused.
    void require_sound_end(Position position) const;

private:
    struct Reader;
    class Lease;
    using Visit = std::function<void(const StoredRow&)>;

    Lease lease() const;
    void read_meta();
    void visit(Position position, Position last, const Visit& visit) const;
    ChainCheck check_from(Position position) const;
    void remember(const ChainCheck& check, Position position) const;

    std::filesystem::path file_;
    std::string vfs_;
    int shard_count_ = 0;
    std::string epoch_;
    mutable std::mutex mutex_;
    mutable std::vector<std::unique_ptr<Reader>> idle_;
    // Where the newest pages ended, so that the next page's first records can be checked as well.
    struct PageEnd {
        Position position;
        ChainHeads heads;
    };
    mutable std::vector<PageEnd> page_ends_;
};

}  // namespace dacapo
