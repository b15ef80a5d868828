#include "infra/log/background_verification.hpp"

#include <sys/resource.h>
#include <unistd.h>

namespace dacapo {
namespace {

constexpr int lowest_priority = 19;

}  // namespace

void BackgroundVerification::start(std::function<void(const LogFault&)> on_fault) {
    auto pass = [this, on_fault = std::move(on_fault)] {
        // On Linux a priority belongs to a thread; where it cannot be lowered the pass runs all the same.
        ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), lowest_priority);
        const auto progress = [this](Position position) {
            verified_.store(position, std::memory_order_relaxed);
            return !stopping_.load(std::memory_order_relaxed);
        };
        std::optional<LogFault> found;
        try {
            found = log_.verify(0, progress);
        } catch (const std::exception& error) {
            found = LogFault{verified(), error.what()};
        }
        if (!found) return;
        {
            const std::lock_guard lock(mutex_);
            fault_ = found;
        }
        on_fault(*found);
    };
    thread_ = std::thread(std::move(pass));
}

void BackgroundVerification::stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
}

std::optional<LogFault> BackgroundVerification::fault() const {
    const std::lock_guard lock(mutex_);
    return fault_;
}

}  // namespace dacapo
