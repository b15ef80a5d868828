#include "serve_observation.hpp"

#include <fmt/format.h>
#include <unordered_map>

namespace dacapo {
namespace {

constexpr std::uintmax_t disk_bytes_low = std::uintmax_t{256} << 20;
constexpr double slow_s = 1.0;

}  // namespace

Observer::Handles& Observer::handles_of(const http::Exchange& exchange) {
    // Patterns live as long as the router, so their addresses name them; each thread finds its handles without a lock.
    thread_local std::unordered_map<std::uint64_t, Handles> handles;
    const auto key = (reinterpret_cast<std::uintptr_t>(exchange.pattern.data()) << 14) ^
                     (static_cast<std::uint64_t>(exchange.method) << 10) ^ static_cast<std::uint64_t>(exchange.status);
    auto& found = handles[key ^ reinterpret_cast<std::uintptr_t>(this)];
    if (!found.count) {
        const std::string route = exchange.pattern.empty() ? "none" : std::string(exchange.pattern);
        const std::string method(http::name_of(exchange.method));
        found.count = &metrics_.counter("dacapo_http_requests_total", "Requests answered",
                                        {{"method", method}, {"route", route}, {"status", std::to_string(exchange.status)}});
        found.seconds = &metrics_.histogram("dacapo_http_request_seconds", "From the head read to the answer made",
                                            latency_bounds_s(), {{"method", method}, {"route", route}});
    }
    return found;
}

void Observer::exchange(const http::Exchange& exchange) {
    const double seconds = std::chrono::duration<double>(exchange.duration).count();
    auto& handles = handles_of(exchange);
    handles.count->add();
    handles.seconds->observe(seconds);
    const auto level = exchange.status >= 500 ? LogLevel::error : seconds > slow_s ? LogLevel::warn : LogLevel::debug;
    if (!lines_.enabled(level)) return;
    lines_.write(level, "request",
                 {{"request_id", exchange.request_id},
                  {"method", http::name_of(exchange.method)},
                  {"route", exchange.pattern},
                  {"status", exchange.status},
                  {"duration_ms", seconds * 1000},
                  {"user_id", exchange.principal ? exchange.principal->user_id.value : 0},
                  {"remote", exchange.remote_address}});
}

void observe(Metrics& metrics, const RunnerGauges& gauges, const EventLog& log, const PasswordPool& passwords,
             const FeedHub& feed) {
    metrics.gauge_from("dacapo_log_head", "Position of the newest durable record",
                       [&log] { return static_cast<double>(log.head().total()); });
    metrics.gauge_from("dacapo_projection_lag_records", "Records that the read models have not passed",
                       [&gauges] { return static_cast<double>(gauges.lag_records()); });
    metrics.gauge_from("dacapo_projection_lag_seconds", "Age of the oldest record not passed",
                       [&gauges] { return std::chrono::duration<double>(gauges.lag()).count(); });
    metrics.gauge_from("dacapo_projection_events_per_second", "While there is work",
                       [&gauges] { return gauges.events_per_second(); });
    metrics.gauge_from("dacapo_projection_parked", "Events that could not be applied",
                       [&gauges] { return static_cast<double>(gauges.parked_count()); });
    metrics.gauge_from("dacapo_password_queue", "Passwords waiting to be hashed",
                       [&passwords] { return static_cast<double>(passwords.queue_depth()); });
    metrics.gauge_from("dacapo_password_rejected", "Passwords refused because the queue was full",
                       [&passwords] { return static_cast<double>(passwords.rejected_count()); });
    metrics.gauge_from("dacapo_feed_sockets", "Open WebSockets",
                       [&feed] { return static_cast<double>(feed.counts().sockets); });
    metrics.gauge_from("dacapo_feed_frames", "Frames sent",
                       [&feed] { return static_cast<double>(feed.counts().frames); });
}

std::vector<HealthPart> health_parts(const RunnerGauges& gauges, const BackgroundVerification& verification,
                                     const std::filesystem::path& log_file) {
    std::vector<HealthPart> parts;
    const auto fault = verification.fault();
    parts.push_back({"event_log", fault.has_value(),
                     fault ? fmt::format("damaged at position {}", fault->position)
                           : fmt::format("verified up to position {}", verification.verified())});
    const auto parked = gauges.parked_count();
    parts.push_back({"parked_events", parked > 0, fmt::format("{} events could not be applied", parked)});
    std::error_code error;
    const auto space = std::filesystem::space(log_file.parent_path().empty() ? "." : log_file.parent_path(), error);
    parts.push_back({"disk", !error && space.available < disk_bytes_low,
                     error ? "unknown" : fmt::format("{} MB free", space.available >> 20)});
    parts.push_back({"rebuild", gauges.rebuilding(), gauges.rebuilding() ? "read models are being rebuilt" : "none"});
    return parts;
}

}  // namespace dacapo
