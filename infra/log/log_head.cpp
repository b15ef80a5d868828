#include "infra/log/log_head.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <charconv>
#include <cstdio>
#include <system_error>

namespace dacapo {
namespace {

constexpr std::size_t position_digits = 19;
constexpr std::size_t hash_digits = 2 * sizeof(RecordHash);
constexpr std::size_t checksum_digits = 16;
constexpr std::string_view tag = "dacapo-log-head 1 ";
constexpr std::size_t body_bytes = tag.size() + position_digits + 1 + hash_digits + 1;
constexpr std::size_t line_bytes = body_bytes + checksum_digits + 1;

std::string checksum_of(std::string_view body) {
    return hex_of(ChainHasher().next(RecordHash{}, body)).substr(0, checksum_digits);
}

bool hash_from_hex(std::string_view hex, RecordHash& hash) {
    for (std::size_t i = 0; i < hash.size(); ++i) {
        const char* digit = hex.data() + 2 * i;
        const auto [end, error] = std::from_chars(digit, digit + 2, hash[i], 16);
        if (error != std::errc{} || end != digit + 2) return false;
    }
    return true;
}

}  // namespace

std::string log_head_line(Position position, const RecordHash& hash) {
    const auto number = std::to_string(position);
    std::string line(tag);
    line.append(position_digits - number.size(), '0').append(number).append(1, ' ');
    line.append(hex_of(hash)).append(1, ' ');
    return line.append(checksum_of(line)).append(1, '\n');
}

std::optional<LogHead> parse_log_head(std::string_view line) {
    if (line.size() != line_bytes || !line.starts_with(tag)) return std::nullopt;
    const auto body = line.substr(0, body_bytes);
    if (line.substr(body_bytes, checksum_digits) != checksum_of(body)) return std::nullopt;
    LogHead head;
    const char* digits = body.data() + tag.size();
    const auto [end, error] = std::from_chars(digits, digits + position_digits, head.position);
    if (error != std::errc{} || end != digits + position_digits || head.position < 0) return std::nullopt;
    if (!hash_from_hex(body.substr(tag.size() + position_digits + 1, hash_digits), head.hash))
        return std::nullopt;
    return head;
}

LogHeadFile::LogHeadFile(const std::filesystem::path& file)
    : file_(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    if (!file_) throw std::system_error(errno, std::generic_category(), file.string());
    // One byte more than a line, so that a longer file is seen to be none of ours.
    char buffer[line_bytes + 1];
    const auto size = ::pread(file_.get(), buffer, sizeof buffer, 0);
    if (size < 0) throw std::system_error(errno, std::generic_category(), file.string());
    text_.assign(buffer, static_cast<std::size_t>(size));
}

void LogHeadFile::write(Position position, const RecordHash& hash) {
    const auto line = log_head_line(position, hash);
    if (::pwrite(file_.get(), line.data(), line.size(), 0) != std::ssize(line)) return;
    unsynced_.store(true, std::memory_order_release);
}

void LogHeadFile::sync() {
    if (unsynced_.exchange(false, std::memory_order_acq_rel)) ::fdatasync(file_.get());
}

}  // namespace dacapo
