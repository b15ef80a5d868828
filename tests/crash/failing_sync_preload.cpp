// Loaded before the C library: from the FAILING_SYNC_AT-th on, every sync of the log's write-ahead file fails
// with EIO. The program itself is tested this way, as it is shipped, without a switch of its own.
#include <dlfcn.h>
#include <unistd.h>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

std::atomic<int> syncs{0};

bool must_fail(int descriptor) {
    char name[4096];
    const auto link = "/proc/self/fd/" + std::to_string(descriptor);
    const auto size = ::readlink(link.c_str(), name, sizeof name);
    if (size <= 0 || !std::string_view(name, static_cast<std::size_t>(size)).ends_with("log.db-wal"))
        return false;
    const char* from = std::getenv("FAILING_SYNC_AT");
    return from && ++syncs >= std::atoi(from);
}

int sync(const char* function, int descriptor) {
    if (must_fail(descriptor)) {
        errno = EIO;
        return -1;
    }
    return reinterpret_cast<int (*)(int)>(::dlsym(RTLD_NEXT, function))(descriptor);
}

}  // namespace

extern "C" int fdatasync(int descriptor) { return sync("fdatasync", descriptor); }
extern "C" int fsync(int descriptor) { return sync("fsync", descriptor); }
