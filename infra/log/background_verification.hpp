// Checks the whole log while the server already serves: the start itself looks only at its newest part.
// One pass, on a thread of the lowest priority; damage is told once and stays visible.
#pragma once

#include "infra/log/sqlite_log.hpp"

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

namespace dacapo {

class BackgroundVerification {
public:
    explicit BackgroundVerification(SqliteLog& log) : log_(log) {}
    ~BackgroundVerification() { stop(); }

    // `on_fault` is called at most once, on the checking thread.
    void start(std::function<void(const LogFault&)> on_fault);
    // Ends the pass where it is. The log must still be open.
    void stop();

    std::optional<LogFault> fault() const;
    // How far the pass has come; the head of the log when it is over.
    Position verified() const { return verified_.load(std::memory_order_relaxed); }

private:
    SqliteLog& log_;
    std::atomic<bool> stopping_{false};
    std::atomic<Position> verified_{0};
    mutable std::mutex mutex_;
    std::optional<LogFault> fault_;
    std::thread thread_;
};

}  // namespace dacapo
