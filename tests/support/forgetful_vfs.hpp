// A SQLite file system for tests that keeps what was not synced in memory only, and fails writes and syncs on
// demand. kill -9 of its process, or lose_unsynced(), then loses what a power cut would lose; the page cache
// hides that.
#pragma once

#include <cstdint>

namespace dacapo {

// The name to open databases with once it is registered.
inline constexpr const char* forgetful_vfs_name = "forgetful";

// Layered on the default file system. All connections of the process to a file share its unsynced content;
// other processes do not see it. Registering again does nothing.
void register_forgetful_vfs();

namespace forgetful {

// The power fails: unsynced content of every file is gone, and every open connection gets I/O errors from now
// on. Files opened afterwards hold what was synced last.
void lose_unsynced();

// The `nth` write from now on (1 is the next) and those after it, `times` in all, give this SQLite error
// (SQLITE_FULL, SQLITE_IOERR_WRITE) and write nothing.
void fail_writes(int nth, int sqlite_code, int times = 1);
// The same for syncs, with SQLITE_IOERR_FSYNC: nothing is made durable.
void fail_syncs(int nth, int times = 1);
// No more failures.
void heal();

std::int64_t sync_count();

}  // namespace forgetful
}  // namespace dacapo
