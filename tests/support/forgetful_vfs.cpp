#include "tests/support/forgetful_vfs.hpp"

#include "tests/support/forgetful_file.hpp"

#include <atomic>
#include <memory>
#include <new>
#include <string>

namespace dacapo {
namespace forgetful {
namespace {

struct Failures {
    int before = 0;  // calls that still succeed
    int count = 0;   // calls that then fail
    int code = SQLITE_OK;

    int next() {
        if (count == 0) return SQLITE_OK;
        if (before > 0) return --before, SQLITE_OK;
        return --count, code;
    }
};

// SQLite knows a file system by a global name, so what belongs to it is global too.
std::mutex mutex;
std::map<std::string, std::shared_ptr<ForgetfulFile>> files;
Failures write_failures;
Failures sync_failures;
std::atomic<std::int64_t> syncs = 0;
sqlite3_vfs* below = nullptr;

// What SQLite is given for a file: our methods, then the shared content; the real file's handle lies behind.
struct Handle {
    sqlite3_file base;
    std::shared_ptr<ForgetfulFile> content;
};
constexpr int real_offset = (sizeof(Handle) + alignof(std::max_align_t) - 1) / alignof(std::max_align_t) *
                            static_cast<int>(alignof(std::max_align_t));

Handle* handle_of(sqlite3_file* file) { return reinterpret_cast<Handle*>(file); }
sqlite3_file* real_of(sqlite3_file* file) {
    return reinterpret_cast<sqlite3_file*>(reinterpret_cast<char*>(file) + real_offset);
}

int close(sqlite3_file* file) {
    auto* real = real_of(file);
    if (real->pMethods) real->pMethods->xClose(real);
    auto& content = handle_of(file)->content;
    const std::lock_guard lock(mutex);
    // What was not synced outlives its handles, as it does in a kernel's page cache.
    std::erase_if(files, [&](const auto& named) {
        return named.second == content && content.use_count() == 2 && content->is_synced();
    });
    content.~shared_ptr();
    return SQLITE_OK;
}

int read(sqlite3_file* file, void* to, int count, sqlite3_int64 offset) {
    return handle_of(file)->content->read(real_of(file),
                                          {static_cast<char*>(to), static_cast<std::size_t>(count)}, offset);
}

int write(sqlite3_file* file, const void* from, int count, sqlite3_int64 offset) {
    {
        const std::lock_guard lock(mutex);
        if (const int code = write_failures.next(); code != SQLITE_OK) return code;
    }
    return handle_of(file)->content->write(
        real_of(file), {static_cast<const char*>(from), static_cast<std::size_t>(count)}, offset);
}

int truncate(sqlite3_file* file, sqlite3_int64 size) { return handle_of(file)->content->truncate(size); }

int sync(sqlite3_file* file, int flags) {
    {
        const std::lock_guard lock(mutex);
        ++syncs;
        if (const int code = sync_failures.next(); code != SQLITE_OK) return code;
    }
    return handle_of(file)->content->sync(real_of(file), flags);
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
    *size = handle_of(file)->content->size();
    return SQLITE_OK;
}

int file_control(sqlite3_file* file, int operation, void* argument) {
    // Both would make the real file grow behind our back.
    if (operation == SQLITE_FCNTL_SIZE_HINT || operation == SQLITE_FCNTL_CHUNK_SIZE) return SQLITE_OK;
    return real_of(file)->pMethods->xFileControl(real_of(file), operation, argument);
}

int lock_file(sqlite3_file* f, int level) { return real_of(f)->pMethods->xLock(real_of(f), level); }
int unlock_file(sqlite3_file* f, int level) { return real_of(f)->pMethods->xUnlock(real_of(f), level); }
int check_lock(sqlite3_file* f, int* held) {
    return real_of(f)->pMethods->xCheckReservedLock(real_of(f), held);
}
int sector_size(sqlite3_file* f) { return real_of(f)->pMethods->xSectorSize(real_of(f)); }
int characteristics(sqlite3_file* f) { return real_of(f)->pMethods->xDeviceCharacteristics(real_of(f)); }
int shm_map(sqlite3_file* f, int region, int size, int extend, void volatile** to) {
    return real_of(f)->pMethods->xShmMap(real_of(f), region, size, extend, to);
}
int shm_lock(sqlite3_file* f, int at, int count, int flags) {
    return real_of(f)->pMethods->xShmLock(real_of(f), at, count, flags);
}
void shm_barrier(sqlite3_file* f) { real_of(f)->pMethods->xShmBarrier(real_of(f)); }
int shm_unmap(sqlite3_file* f, int remove) { return real_of(f)->pMethods->xShmUnmap(real_of(f), remove); }

// Version 2: shared memory, but no mapped reads, which would go past us.
constexpr sqlite3_io_methods methods{
    2,           close,      read,         write,       truncate,        sync,    file_size, lock_file,
    unlock_file, check_lock, file_control, sector_size, characteristics, shm_map, shm_lock,  shm_barrier,
    shm_unmap,   nullptr,    nullptr};

int open(sqlite3_vfs*, sqlite3_filename name, sqlite3_file* file, int flags, int* flags_out) {
    constexpr int kept = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL;
    if (!name || (flags & kept) == 0) return below->xOpen(below, name, file, flags, flags_out);

    file->pMethods = nullptr;
    auto* real = real_of(file);
    if (const int code = below->xOpen(below, name, real, flags, flags_out); code != SQLITE_OK) return code;
    sqlite3_int64 size = 0;
    real->pMethods->xFileSize(real, &size);
    auto* handle = new (file) Handle{};
    const std::lock_guard lock(mutex);
    auto& content = files[name];
    if (!content) content = std::make_shared<ForgetfulFile>(size);
    handle->content = content;
    handle->base.pMethods = &methods;
    return SQLITE_OK;
}

int remove(sqlite3_vfs*, const char* name, int sync_folder) {
    {
        const std::lock_guard lock(mutex);
        files.erase(name);
    }
    return below->xDelete(below, name, sync_folder);
}

// The default file system takes an empty file for none, but ours may have content that is only in memory.
int access(sqlite3_vfs*, const char* name, int flags, int* result) {
    if (flags == SQLITE_ACCESS_EXISTS) {
        const std::lock_guard lock(mutex);
        const auto place = files.find(name);
        if (place != files.end() && place->second->size() > 0) return *result = 1, SQLITE_OK;
    }
    return below->xAccess(below, name, flags, result);
}

}  // namespace

void lose_unsynced() {
    const std::lock_guard lock(mutex);
    for (const auto& [name, file] : files) file->die();
    files.clear();
}

void fail_writes(int nth, int sqlite_code, int times) {
    const std::lock_guard lock(mutex);
    write_failures = {nth - 1, times, sqlite_code};
}

void fail_syncs(int nth, int times) {
    const std::lock_guard lock(mutex);
    sync_failures = {nth - 1, times, SQLITE_IOERR_FSYNC};
}

void heal() {
    const std::lock_guard lock(mutex);
    write_failures = {};
    sync_failures = {};
}

std::int64_t sync_count() { return syncs; }

}  // namespace forgetful

void register_forgetful_vfs() {
    using namespace forgetful;
    static const bool registered = [] {
        below = sqlite3_vfs_find(nullptr);
        static sqlite3_vfs vfs = *below;
        vfs.pNext = nullptr;
        vfs.zName = forgetful_vfs_name;
        vfs.szOsFile = real_offset + below->szOsFile;
        vfs.xOpen = forgetful::open;
        vfs.xDelete = forgetful::remove;
        vfs.xAccess = forgetful::access;
        return sqlite3_vfs_register(&vfs, 0) == SQLITE_OK;
    }();
    if (!registered) throw std::bad_alloc();
}

}  // namespace dacapo
