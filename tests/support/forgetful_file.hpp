// One file of the forgetful file system: its synced content on disk, and over it what was written since.
#pragma once

#include <sqlite3.h>
#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <span>

namespace dacapo::forgetful {

// Shared by all handles on one path. Each call is given a handle of the real file to reach the disk with.
class ForgetfulFile {
public:
    explicit ForgetfulFile(std::int64_t size) : size_(size), synced_limit_(size) {}

    int read(sqlite3_file* real, std::span<char> to, std::int64_t offset);
    int write(sqlite3_file* real, std::span<const char> from, std::int64_t offset);
    int truncate(std::int64_t size);
    int sync(sqlite3_file* real, int flags);
    std::int64_t size() const;
    bool is_synced() const;
    // Everything unsynced is gone, and so is the file for whoever has it open.
    void die();

private:
    static constexpr std::int64_t block_bytes = 4096;
    using Block = std::array<char, block_bytes>;

    int block_at(sqlite3_file* real, std::int64_t number, Block*& block);

    mutable std::mutex mutex_;
    std::int64_t size_;
    std::int64_t synced_limit_;  // what lies behind it on disk was cut off since
    bool cut_ = false;
    bool dead_ = false;
    std::map<std::int64_t, Block> unsynced_;
};

}  // namespace dacapo::forgetful
