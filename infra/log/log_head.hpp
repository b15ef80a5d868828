// The file `log.head`: how far the log is known to have been durable, in one line of fixed size beside the
// database. Damage in SQLite's write-ahead log looks like an unfinished end; this line tells a lost end from
// none.
#pragma once

#include "infra/log/chain.hpp"
#include "infra/log/unique_fd.hpp"

#include <atomic>
#include <filesystem>
#include <optional>
#include <string>

namespace dacapo {

// "dacapo-log-head 1", position, hash, then the first 16 digits of the SHA-256 of all that.
std::string log_head_line(Position position, const RecordHash& hash);

struct LogHead {
    Position position = 0;
    RecordHash hash{};
};
// Nothing for a line that is torn, damaged or of another format.
std::optional<LogHead> parse_log_head(std::string_view line);

class LogHeadFile {
public:
    // Makes the file when it is not there. Throws std::system_error.
    explicit LogHeadFile(const std::filesystem::path& file);

    bool is_empty() const { return text_.empty(); }
    // What stood there when it was opened.
    std::optional<LogHead> content() const { return parse_log_head(text_); }

    // After the batch is durable, never before. A failure is ignored: a line that lags behind is harmless.
    void write(Position position, const RecordHash& hash);
    // Syncs what was written, if anything. Any thread; apart from write(), so that no batch waits for it.
    void sync();

private:
    UniqueFd file_;
    std::string text_;
    std::atomic<bool> unsynced_ = false;
};

}  // namespace dacapo
