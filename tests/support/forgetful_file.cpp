#include "tests/support/forgetful_file.hpp"

#include <algorithm>
#include <cstring>

namespace dacapo::forgetful {

// The block as it stands on disk, up to the limit, and zeros behind: ready to be written over.
int ForgetfulFile::block_at(sqlite3_file* real, std::int64_t number, Block*& block) {
    const auto [place, is_new] = unsynced_.try_emplace(number);
    block = &place->second;
    if (!is_new) return SQLITE_OK;
    block->fill(0);
    const auto begin = number * block_bytes;
    const auto count = std::min(block_bytes, synced_limit_ - begin);
    if (count <= 0) return SQLITE_OK;
    const int code = real->pMethods->xRead(real, block->data(), static_cast<int>(count), begin);
    return code == SQLITE_IOERR_SHORT_READ ? SQLITE_OK : code;
}

int ForgetfulFile::read(sqlite3_file* real, std::span<char> to, std::int64_t offset) {
    const std::lock_guard lock(mutex_);
    if (dead_) return SQLITE_IOERR_READ;
    std::ranges::fill(to, '\0');
    const auto end = std::min(size_, offset + std::ssize(to));
    const auto synced = std::min(end, synced_limit_) - offset;
    if (synced > 0) {
        const int code = real->pMethods->xRead(real, to.data(), static_cast<int>(synced), offset);
        if (code != SQLITE_OK && code != SQLITE_IOERR_SHORT_READ) return code;
    }
    for (auto place = unsynced_.lower_bound(offset / block_bytes); place != unsynced_.end(); ++place) {
        const auto block_begin = place->first * block_bytes;
        const auto from = std::max(offset, block_begin);
        const auto until = std::min(end, block_begin + block_bytes);
        if (block_begin >= end) break;
        if (from < until)
            std::memcpy(to.data() + (from - offset), place->second.data() + (from - block_begin),
                        static_cast<std::size_t>(until - from));
    }
    return end < offset + std::ssize(to) ? SQLITE_IOERR_SHORT_READ : SQLITE_OK;
}

int ForgetfulFile::write(sqlite3_file* real, std::span<const char> from, std::int64_t offset) {
    const std::lock_guard lock(mutex_);
    if (dead_) return SQLITE_IOERR_WRITE;
    const auto end = offset + std::ssize(from);
    for (auto at = offset; at < end;) {
        const auto number = at / block_bytes;
        const auto until = std::min(end, (number + 1) * block_bytes);
        Block* block = nullptr;
        if (const int code = block_at(real, number, block); code != SQLITE_OK) return code;
        std::memcpy(block->data() + (at - number * block_bytes), from.data() + (at - offset),
                    static_cast<std::size_t>(until - at));
        at = until;
    }
    size_ = std::max(size_, end);
    return SQLITE_OK;
}

int ForgetfulFile::truncate(std::int64_t size) {
    const std::lock_guard lock(mutex_);
    if (dead_) return SQLITE_IOERR_TRUNCATE;
    if (size < size_) {
        const auto last = size / block_bytes;
        if (const auto block = unsynced_.find(last); block != unsynced_.end())
            std::fill(block->second.begin() + (size - last * block_bytes), block->second.end(), '\0');
        unsynced_.erase(unsynced_.upper_bound(last), unsynced_.end());
        synced_limit_ = std::min(synced_limit_, size);
    }
    size_ = size;
    cut_ = true;
    return SQLITE_OK;
}

int ForgetfulFile::sync(sqlite3_file* real, int flags) {
    const std::lock_guard lock(mutex_);
    if (dead_) return SQLITE_IOERR_FSYNC;
    if (cut_)
        if (const int code = real->pMethods->xTruncate(real, synced_limit_); code != SQLITE_OK) return code;
    for (const auto& [number, block] : unsynced_) {
        const auto begin = number * block_bytes;
        const auto count = std::min(block_bytes, size_ - begin);
        if (count <= 0) continue;
        const int code = real->pMethods->xWrite(real, block.data(), static_cast<int>(count), begin);
        if (code != SQLITE_OK) return code;
    }
    if (cut_)
        if (const int code = real->pMethods->xTruncate(real, size_); code != SQLITE_OK) return code;
    unsynced_.clear();
    synced_limit_ = size_;
    cut_ = false;
    return real->pMethods->xSync(real, flags);
}

std::int64_t ForgetfulFile::size() const {
    const std::lock_guard lock(mutex_);
    return size_;
}

bool ForgetfulFile::is_synced() const {
    const std::lock_guard lock(mutex_);
    return unsynced_.empty() && !cut_;
}

void ForgetfulFile::die() {
    const std::lock_guard lock(mutex_);
    dead_ = true;
    unsynced_.clear();
}

}  // namespace dacapo::forgetful
