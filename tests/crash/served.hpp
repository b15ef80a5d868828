// What the program does for `serve`, for programs of the crash tests that differ from it in one option.
#pragma once

#include "infra/log/event_log.hpp"
#include "serve.hpp"

#include <fmt/format.h>
#include <pthread.h>
#include <csignal>
#include <cstdlib>

namespace dacapo::test {

// Until SIGTERM; other signals of `watched` are handed to `on_signal`. Gives the exit code.
inline int serve_until_ended(const std::vector<std::string>& flags, ServerOptions options,
                             const std::vector<int>& watched = {},
                             const std::function<void(int)>& on_signal = {}) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    for (const int signal : watched) sigaddset(&set, signal);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    try {
        const auto config = load_config(flags, {}, "", read_small_file);
        const SystemClock clock;
        LogLines lines(config.log_level, clock);
        options.on_broken = [](const std::string& what) {
            fmt::print(stderr, "broken: {}\n", what);
            std::_Exit(3);
        };
        Server server(config, Roles{}, lines, clock, std::move(options));
        server.start();
        for (int signal = 0; sigwait(&set, &signal) == 0 && signal != SIGTERM;) on_signal(signal);
        server.stop();
        return 0;
    } catch (const LogRefused& refused) {
        fmt::print(stderr, "refused: {}\n", refused.what());
        return 2;
    } catch (const std::exception& error) {
        fmt::print(stderr, "failed: {}\n", error.what());
        return 1;
    }
}

}  // namespace dacapo::test
