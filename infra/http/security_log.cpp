#include "infra/http/security_log.hpp"

#include <algorithm>

namespace dacapo {
namespace {

struct Entry {
    std::string_view name;
    LogLevel level;
    std::uint32_t lines_max;
};

constexpr auto proved = SecurityLog::proved_lines_max;
constexpr auto refused = SecurityLog::refused_lines_max;

// In the order of SecurityEvent.
constexpr std::array<Entry, security_event_count> table{{
    {"registered", LogLevel::info, proved},
    {"login_succeeded", LogLevel::info, proved},
    {"login_failed", LogLevel::warn, refused},
    {"login_throttled", LogLevel::warn, refused},
    {"password_changed", LogLevel::info, proved},
    {"password_refused", LogLevel::warn, refused},
    {"session_ended", LogLevel::info, proved},
    {"refresh_reused", LogLevel::warn, proved},
    {"token_refused", LogLevel::warn, refused},
    {"forbidden", LogLevel::warn, refused},
    {"rate_limited", LogLevel::warn, refused},
    {"framing_refused", LogLevel::warn, refused},
}};

// What a proxy and a server may read differently. Not what is merely long, old or broken off.
constexpr std::array<std::string_view, 7> framing_codes{"malformed_request",
                                                        "bad_host",
                                                        "bad_transfer_encoding",
                                                        "unsupported_transfer_encoding",
                                                        "duplicate_header",
                                                        "invalid_utf8",
                                                        "bad_target"};

const Entry& entry_of(SecurityEvent event) { return table[static_cast<std::size_t>(event)]; }

}  // namespace

std::string_view name_of(SecurityEvent event) { return entry_of(event).name; }

std::optional<SecurityEvent> security_event_of(int status, std::string_view problem_code) {
    using enum SecurityEvent;
    if (problem_code.empty()) return std::nullopt;
    if (std::ranges::find(framing_codes, problem_code) != framing_codes.end()) return framing_refused;
    if (status == 403) return forbidden;
    if (status == 429) return problem_code == "throttled" ? login_throttled : rate_limited;
    if (problem_code == "invalid_credentials") return login_failed;
    // That a token is missing is how a client finds out that one is needed.
    if (status == 401 && problem_code != "token_missing") return token_refused;
    return std::nullopt;
}

SecurityLog::SecurityLog(LogLines& lines, const Clock& clock, Metrics& metrics)
    : lines_(lines), clock_(clock) {
    for (std::size_t i = 0; i < kinds_.size(); ++i)
        kinds_[i].count =
            &metrics.counter("dacapo_security_events_total", "Security events, whether written or left out",
                             {{"event", std::string(table[i].name)}});
}

SecurityLog::~SecurityLog() { tell_left_out(never); }

void SecurityLog::exchange(const http::Exchange& exchange) {
    const auto now = clock_.now();
    if (now >= tell_at_.load(std::memory_order_relaxed)) tell_left_out(now);
    const auto* note = exchange.security;
    const auto event = note ? note->event : security_event_of(exchange.status, exchange.problem_code);
    if (!event || !may_write(*event, now)) return;
    auto user = note ? note->user_id : UserId{};
    auto session = note ? note->session_id : SessionId{};
    if (exchange.principal && !user) user = exchange.principal->user_id;
    if (exchange.principal && !session) session = exchange.principal->session_id;
    lines_.write(entry_of(*event).level, "security",
                 {{"event", name_of(*event)},
                  {"code", exchange.problem_code},
                  {"user_id", user.value},
                  {"session_id", session.value},
                  {"remote", exchange.remote_address},
                  {"method", http::name_of(exchange.method)},
                  {"route", exchange.pattern},
                  {"request_id", exchange.request_id}});
}

bool SecurityLog::may_write(SecurityEvent event, Timestamp now) {
    auto& kind = kinds_[static_cast<std::size_t>(event)];
    kind.count->add();
    const std::lock_guard lock(mutex_);
    const bool set_back = now < kind.began;
    if (set_back || (now - kind.began >= window && kind.left_out == 0)) {
        kind.began = now;
        kind.lines = 0;
        if (kind.left_out > 0) tell_at_ = std::min(tell_at_.load(), now + window);
    }
    if (kind.lines < entry_of(event).lines_max) {
        ++kind.lines;
        return true;
    }
    ++kind.left_out;
    tell_at_ = std::min(tell_at_.load(), kind.began + window);
    return false;
}

// Of the windows that are over by `now`.
void SecurityLog::tell_left_out(Timestamp now) {
    const std::lock_guard lock(mutex_);
    auto next = never;
    for (std::size_t i = 0; i < kinds_.size(); ++i) {
        auto& kind = kinds_[i];
        if (kind.left_out == 0) continue;
        if (now < kind.began + window) {
            next = std::min(next, kind.began + window);
            continue;
        }
        lines_.write(table[i].level, "security events left out",
                     {{"event", table[i].name}, {"count", kind.left_out}});
        kind.left_out = 0;
    }
    tell_at_ = next;
}

}  // namespace dacapo
