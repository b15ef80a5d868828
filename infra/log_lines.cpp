#include "infra/log_lines.hpp"

#include "events/json_writer.hpp"
#include "infra/text.hpp"
#include "infra/wall_time.hpp"

#include <poll.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

namespace dacapo {
namespace {

constexpr std::array<std::string_view, 4> level_names{"debug", "info", "warn", "error"};

// A pipe that poll() calls writable takes this much without blocking (PIPE_BUF), and takes it in one piece.
constexpr std::size_t chunk_bytes_max = 4096;
constexpr int poll_ms = 100;

// Most texts are plain; only the others are copied.
std::string_view clean(std::string_view text, std::string& space) {
    text = text.substr(0, log_text_bytes_max);
    const auto is_plain = [](char c) { return c >= 0x20 && c < 0x7F; };
    if (std::all_of(text.begin(), text.end(), is_plain)) return text;
    space.clear();
    // Line ends are escaped by JSON itself and are worth keeping, unlike what a terminal would obey.
    for (std::size_t at = 0; at <= text.size();) {
        const auto end = std::min(text.find_first_of("\r\n\t", at), text.size());
        space += printable(text.substr(at, end - at));
        if (end < text.size()) space += text[end];
        at = end + 1;
    }
    return space;
}

// The longest run of whole lines within a chunk; a longer line goes out in pieces.
std::size_t chunk_of(std::string_view lines) {
    if (lines.size() <= chunk_bytes_max) return lines.size();
    const auto end = lines.substr(0, chunk_bytes_max).rfind('\n');
    return end == lines.npos ? chunk_bytes_max : end + 1;
}

std::uint64_t line_count(std::string_view lines) {
    return static_cast<std::uint64_t>(std::count(lines.begin(), lines.end(), '\n'));
}

}  // namespace

std::string_view name_of(LogLevel level) { return level_names[static_cast<std::size_t>(level)]; }

std::optional<LogLevel> log_level_of(std::string_view name) {
    for (std::size_t i = 0; i < level_names.size(); ++i)
        if (level_names[i] == name) return static_cast<LogLevel>(i);
    return std::nullopt;
}

LogLines::LogLines(LogLevel level, const Clock& clock, int descriptor)
    : clock_(clock), descriptor_(descriptor), level_(level), writer_([this] { run(); }) {}

LogLines::~LogLines() {
    {
        const std::lock_guard lock(mutex_);
        stop_by_ = std::chrono::steady_clock::now() + log_farewell_max;
        stopping_ = true;
    }
    wake_.notify_one();
    writer_.join();
}

std::string LogLines::line_of(LogLevel level, std::string_view message, Fields fields) const {
    std::string line;
    std::string space;
    line.reserve(256);
    JsonWriter json(line);
    json.begin_object();
    json.member("ts", format_utc_ms(clock_.now()));
    json.member("level", name_of(level));
    json.member("msg", clean(message, space));
    for (const auto& field : fields) {
        json.key(field.key);
        if (const auto* text = std::get_if<std::string_view>(&field.value))
            json.value(clean(*text, space));
        else if (const auto* number = std::get_if<std::int64_t>(&field.value))
            json.value(*number);
        else if (const auto* real = std::get_if<double>(&field.value))
            json.value(*real);
        else
            json.value(std::get<bool>(field.value));
    }
    json.end_object();
    line += '\n';
    return line;
}

void LogLines::write(LogLevel level, std::string_view message, Fields fields) {
    if (!enabled(level)) return;
    const auto line = line_of(level, message, fields);
    bool was_empty = false;
    {
        const std::lock_guard lock(mutex_);
        if (queue_.size() + line.size() > log_queue_bytes_max) {
            dropped_count_.fetch_add(1, std::memory_order_relaxed);
            return;
        }
        was_empty = queue_.empty();
        queue_ += line;
    }
    if (was_empty) wake_.notify_one();
}

bool LogLines::flush(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    return idle_.wait_for(lock, patience, [this] { return queue_.empty() && !writing_; });
}

void LogLines::run() {
    // A reader that is gone is an error code here, not the end of the program.
    sigset_t pipe_signal;
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_signal, nullptr);

    std::string lines;
    for (;;) {
        {
            std::unique_lock lock(mutex_);
            writing_ = false;
            if (queue_.empty()) idle_.notify_all();
            wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
            if (queue_.empty()) return;
            lines.clear();
            lines.swap(queue_);
            writing_ = true;
        }
        dropped_count_.fetch_add(write_out(lines), std::memory_order_relaxed);
        tell_dropped();
    }
}

// Said once the reader takes lines again; the notice itself is not counted when it is lost too.
void LogLines::tell_dropped() {
    const auto count = dropped_count();
    if (count == dropped_count_told_) return;
    const auto line = line_of(LogLevel::warn, "log lines dropped", {{"count", count - dropped_count_told_}});
    if (write_out(line) == 0) dropped_count_told_ = count;
}

// Waits until a chunk can be written without blocking. False when the reader is gone, or the program ends
// first.
bool LogLines::may_write() {
    for (;;) {
        pollfd output{descriptor_, POLLOUT, 0};
        const int ready = ::poll(&output, 1, poll_ms);
        if (ready > 0)
            return (output.revents & POLLNVAL) == 0;  // A reader that is gone shows in the write itself.
        if (ready < 0 && errno != EINTR) return false;
        if (stopping_ && std::chrono::steady_clock::now() >= stop_by_) return false;
    }
}

std::uint64_t LogLines::write_out(std::string_view lines) {
    while (!lines.empty() && !reader_gone_) {
        if (!may_write()) break;
        const auto written = ::write(descriptor_, lines.data(), chunk_of(lines));
        if (written >= 0) {
            lines.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno == EPIPE || errno == EBADF) {
            reader_gone_ = true;
        } else if (errno != EINTR && errno != EAGAIN) {
            break;  // A full disk, for example: these lines are lost, later ones may not be.
        }
    }
    return line_count(lines);
}

}  // namespace dacapo
