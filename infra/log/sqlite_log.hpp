// The embedded event log: one SQLite file that one process writes and any number read.
// Opening checks that the log is whole as far as it must reach; see docs/architecture.md for the promises it
// keeps.
#pragma once

#include "infra/log/event_log.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dacapo {

struct SqliteLogOptions {
    std::filesystem::path file;  // `log.head` and `log.lock` stand beside it, named after it
    int shard_count = 16;        // stored in a new log; an older log of another count is refused
    bool create = true;          // else a log that is not there is refused
    Position must_reach = 0;     // what the read models have seen: a log that ends before it is refused
    // Records after this position are checked at the start; none: the newest 10,000.
    std::optional<Position> verify_from;
    std::size_t tail_records_max = 65'536;
    std::size_t tail_bytes_max = std::size_t{64} << 20;
    // The write-ahead log is copied into the database when the writer rests, or when it has grown by this
    // much.
    int checkpoint_pages = 8'192;  // of 4,096 bytes
    std::chrono::milliseconds rest_before_checkpoint{100};
    std::string vfs;           // SQLite's name of a file system; empty: the default one
    bool sync_batches = true;  // false only in tests, which must see that it loses records
};

// Where a check of the stored records found them wrong, and what is wrong there.
struct LogFault {
    Position position = 0;
    std::string why;
};

class SqliteLog : public EventLog {
public:
    // What was found at the start that is not a reason to refuse the log, for the operator to read.
    virtual std::vector<std::string> warnings() const = 0;
    // Checks all records after `from` up to the head: dense, every hash chain unbroken, every payload a
    // record that agrees with its row. Any thread, in short transactions. `progress` hears the position
    // reached after each page and answers whether to go on.
    virtual std::optional<LogFault> verify(Position from, const std::function<bool(Position)>& progress) = 0;
};

// The single writer. Throws LogRefused.
std::unique_ptr<SqliteLog> open_sqlite_log(const SqliteLogOptions& options);

// For another process: pages and follows (by polling), takes no lock, cannot append. Throws LogRefused.
std::unique_ptr<SqliteLog> open_sqlite_log_reader(const std::filesystem::path& file,
                                                  const std::string& vfs = {});

}  // namespace dacapo
