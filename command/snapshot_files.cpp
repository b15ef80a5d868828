#include "command/snapshot_files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <fstream>
#include <stdexcept>

namespace dacapo {
namespace {

void write_file(const std::filesystem::path& file, std::string_view content) {
    const int handle = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (handle < 0) throw std::runtime_error("cannot write " + file.string());
    bool good = true;
    while (good && !content.empty()) {
        const auto written = ::write(handle, content.data(), content.size());
        good = written > 0;
        if (good) content.remove_prefix(static_cast<std::size_t>(written));
    }
    good = good && ::fsync(handle) == 0;
    good = ::close(handle) == 0 && good;
    if (!good) {
        std::error_code ignored;
        std::filesystem::remove(file, ignored);
        throw std::runtime_error("cannot write " + file.string());
    }
}

}  // namespace

SnapshotFiles::SnapshotFiles(std::filesystem::path folder, std::string epoch)
    : folder_(std::move(folder)), epoch_(std::move(epoch)) {
    std::filesystem::create_directories(folder_);
}

std::filesystem::path SnapshotFiles::file_of(int shard) const {
    return folder_ / fmt::format("shard-{:02}.snapshot", shard);
}

void SnapshotFiles::save(int shard, Position, std::string bytes) {
    const auto file = file_of(shard);
    auto beside = file;
    beside += ".new";
    write_file(beside, seal_snapshot(epoch_, shard, bytes));
    std::filesystem::rename(beside, file);
}

std::optional<std::string> SnapshotFiles::load(int shard, std::string& why) {
    std::ifstream in(file_of(shard), std::ios::binary);
    if (!in) return std::nullopt;
    std::string sealed(std::filesystem::file_size(file_of(shard)), '\0');
    in.read(sealed.data(), static_cast<std::streamsize>(sealed.size()));
    if (in) return unseal_snapshot(sealed, epoch_, shard, why);
    why = "it cannot be read";
    return std::nullopt;
}

void SnapshotFiles::discard(int shard) {
    std::error_code ignored;
    std::filesystem::remove(file_of(shard), ignored);
}

}  // namespace dacapo
