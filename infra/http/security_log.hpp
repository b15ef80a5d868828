// The security events of a server as log lines of their own (`"msg":"security"`), each with who, from where,
// on which route and in which request: what an operator looks through after an attack, or sets an alarm on. A
// closed list, from facts of ours alone, so that no line can hold a password, a token, a name, a path or a
// body; and bounded, so that nobody fills the disk by being refused.
#pragma once

#include "infra/clock.hpp"
#include "infra/http/listener.hpp"
#include "infra/log_lines.hpp"
#include "infra/metrics.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>

namespace dacapo {

inline constexpr std::size_t security_event_count =
    static_cast<std::size_t>(SecurityEvent::framing_refused) + 1;

std::string_view name_of(SecurityEvent event);

// What an answer tells by itself: 401, 403, 429 and refused framing by their codes.
std::optional<SecurityEvent> security_event_of(int status, std::string_view problem_code);

class SecurityLog {
public:
    static constexpr std::chrono::seconds window{60};
    // Of one kind in a window, and then one more that says how many were left out. What costs whoever causes
    // it a proof of who they are is hardly a flood.
    static constexpr std::uint32_t proved_lines_max = 1200;
    static constexpr std::uint32_t refused_lines_max = 120;

    SecurityLog(LogLines& lines, const Clock& clock, Metrics& metrics);
    ~SecurityLog();  // tells what was left out to the end
    SecurityLog(const SecurityLog&) = delete;
    SecurityLog& operator=(const SecurityLog&) = delete;

    // Of every answer. Any thread.
    void exchange(const http::Exchange& exchange);

private:
    struct Kind {
        Counter* count = nullptr;
        Timestamp began;
        std::uint32_t lines = 0;
        std::uint64_t left_out = 0;
    };

    bool may_write(SecurityEvent event, Timestamp now);
    void tell_left_out(Timestamp now);

    LogLines& lines_;
    const Clock& clock_;
    static constexpr Timestamp never = Timestamp::max();
    std::atomic<Timestamp> tell_at_{never};  // when the next window with something left out is over
    std::mutex mutex_;
    std::array<Kind, security_event_count> kinds_;
};

}  // namespace dacapo
