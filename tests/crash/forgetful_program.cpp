// dacapo on a file system that loses with the process whatever was not synced, as a power cut would.
// First argument: `synced`; `unsynced`, which answers before the sync; or `failing:N`, whose Nth sync fails.
#include "tests/crash/served.hpp"
#include "tests/support/forgetful_vfs.hpp"

#include <sqlite3.h>
#include <limits>

int main(int argc, char** argv) {
    using namespace dacapo;
    if (argc < 2) return 1;
    const std::string mode = argv[1];
    register_forgetful_vfs();
    ServerOptions options;
    options.log_vfs = forgetful_vfs_name;
    options.log_sync = mode != "unsynced";
    const std::string failing = "failing:";
    if (mode.starts_with(failing)) forgetful::fail_syncs(std::stoi(mode.substr(failing.size())));
    // The disk is full from SIGUSR1 to SIGUSR2.
    const auto on_signal = [](int signal) {
        if (signal == SIGUSR1)
            forgetful::fail_writes(1, SQLITE_FULL, std::numeric_limits<int>::max());
        else
            forgetful::heal();
    };
    return test::serve_until_ended({argv + 2, argv + argc}, std::move(options), {SIGUSR1, SIGUSR2},
                                   on_signal);
}
