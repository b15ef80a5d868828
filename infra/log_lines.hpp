// The program's own log: one JSON object a line on standard output, made by whoever logs and written by a
// thread. Nobody ever waits for the reader of standard output: past the queue's limits lines are dropped and
// counted.
#pragma once

#include "infra/clock.hpp"

#include <atomic>
#include <concepts>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <variant>

namespace dacapo {

enum class LogLevel { debug, info, warn, error };

std::string_view name_of(LogLevel level);
std::optional<LogLevel> log_level_of(std::string_view name);

// One member of a line. Texts are borrowed until the call returns; they may hold anything, and are made
// printable.
struct LogField {
    std::string_view key;  // a literal of ours
    std::variant<std::string_view, std::int64_t, double, bool> value;

    LogField(std::string_view name, std::string_view text) : key(name), value(text) {}
    LogField(std::string_view name, const char* text) : key(name), value(std::string_view(text)) {}
    LogField(std::string_view name, const std::string& text) : key(name), value(std::string_view(text)) {}
    LogField(std::string_view name, bool flag) : key(name), value(flag) {}
    LogField(std::string_view name, double number) : key(name), value(number) {}
    template <std::integral Number>
    LogField(std::string_view name, Number number) : key(name), value(static_cast<std::int64_t>(number)) {}
};

// A longer text is cut there.
inline constexpr std::size_t log_text_bytes_max = 4 * 1024;
// What may wait for the reader.
inline constexpr std::size_t log_queue_bytes_max = 4 * 1024 * 1024;
// How long the end of the program waits for a reader that has stopped reading.
inline constexpr std::chrono::milliseconds log_farewell_max{500};

class LogLines {
public:
    using Fields = std::initializer_list<LogField>;

    // `descriptor` stays the caller's; standard output unless a test says otherwise.
    explicit LogLines(LogLevel level, const Clock& clock, int descriptor = 1);
    // Writes what waits, as long as the reader takes it.
    ~LogLines();
    LogLines(const LogLines&) = delete;
    LogLines& operator=(const LogLines&) = delete;

    void debug(std::string_view message, Fields fields = {}) { write(LogLevel::debug, message, fields); }
    void info(std::string_view message, Fields fields = {}) { write(LogLevel::info, message, fields); }
    void warn(std::string_view message, Fields fields = {}) { write(LogLevel::warn, message, fields); }
    void error(std::string_view message, Fields fields = {}) { write(LogLevel::error, message, fields); }
    // Any thread; never blocks on the reader.
    void write(LogLevel level, std::string_view message, Fields fields);

    // May be changed while the program runs.
    void set_level(LogLevel level) { level_.store(level, std::memory_order_relaxed); }
    LogLevel level() const { return level_.load(std::memory_order_relaxed); }
    bool enabled(LogLevel level) const { return level >= this->level(); }

    std::uint64_t dropped_count() const { return dropped_count_.load(std::memory_order_relaxed); }
    // Waits until everything logged before has been written or dropped; false when the time is over.
    bool flush(std::chrono::milliseconds patience);

private:
    std::string line_of(LogLevel level, std::string_view message, Fields fields) const;
    void run();
    // Gives back how many lines were not written.
    std::uint64_t write_out(std::string_view lines);
    bool may_write();
    void tell_dropped();

    const Clock& clock_;
    const int descriptor_;
    std::atomic<LogLevel> level_;
    std::atomic<std::uint64_t> dropped_count_{0};
    std::uint64_t dropped_count_told_ = 0;  // the writer's own
    bool reader_gone_ = false;              // the writer's own

    std::mutex mutex_;
    std::condition_variable wake_;
    std::condition_variable idle_;
    std::string queue_;  // whole lines
    bool writing_ = false;
    std::atomic<bool> stopping_{false};
    std::chrono::steady_clock::time_point stop_by_;  // set before stopping_
    std::thread writer_;
};

}  // namespace dacapo
