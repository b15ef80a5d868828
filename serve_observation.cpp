#include "serve_observation.hpp"

#include "infra/descriptors.hpp"

#include <fmt/format.h>
#include <unordered_map>

namespace dacapo {
namespace {

constexpr std::uintmax_t disk_bytes_low = std::uintmax_t{256} << 20;
constexpr double slow_s = 1.0;

}  // namespace

Observer::Handles& Observer::handles_of(const http::Exchange& exchange) {
    // Patterns live as long as the router, so their addresses name them; each thread finds its handles
    // without a lock.
    thread_local std::unordered_map<std::uint64_t, Handles> handles;
    const auto key = (reinterpret_cast<std::uintptr_t>(exchange.pattern.data()) << 14) ^
                     (static_cast<std::uint64_t>(exchange.method) << 10) ^
                     static_cast<std::uint64_t>(exchange.status);
    auto& found = handles[key ^ reinterpret_cast<std::uintptr_t>(this)];
    if (!found.count) {
        const std::string route = exchange.pattern.empty() ? "none" : std::string(exchange.pattern);
        const std::string method(http::name_of(exchange.method));
        found.count = &metrics_.counter(
            "dacapo_http_requests_total", "Requests answered",
            {{"method", method}, {"route", route}, {"status", std::to_string(exchange.status)}});
        found.seconds =
            &metrics_.histogram("dacapo_http_request_seconds", "From the head read to the answer made",
                                latency_bounds_s(), {{"method", method}, {"route", route}});
    }
    return found;
}

void Observer::exchange(const http::Exchange& exchange) {
    const double seconds = std::chrono::duration<double>(exchange.duration).count();
    auto& handles = handles_of(exchange);
    handles.count->add();
    handles.seconds->observe(seconds);
    security_.exchange(exchange);
    const auto level = exchange.status >= 500 ? LogLevel::error
                       : seconds > slow_s     ? LogLevel::warn
                                              : LogLevel::debug;
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

void observe(Metrics& metrics, const EventLog& log) {
    metrics.gauge_from("dacapo_log_head",
                       "Position of the newest durable record; of a log with several, their sum",
                       [&log] { return static_cast<double>(log.head().total()); });
}

void observe(Metrics& metrics, const RunnerGauges& gauges) {
    metrics.gauge_from("dacapo_projection_lag_records", "Records that the read models have not passed",
                       [&gauges] { return static_cast<double>(gauges.lag_records()); });
    metrics.gauge_from("dacapo_projection_lag_seconds", "Age of the oldest record not passed",
                       [&gauges] { return std::chrono::duration<double>(gauges.lag()).count(); });
    metrics.gauge_from("dacapo_projection_events_per_second", "While there is work",
                       [&gauges] { return gauges.events_per_second(); });
    metrics.gauge_from("dacapo_projection_parked", "Events that could not be applied",
                       [&gauges] { return static_cast<double>(gauges.parked_count()); });
}

void observe(Metrics& metrics, const http::Listener& listener) {
    metrics.gauge_from("dacapo_connections", "Open connections, WebSockets among them",
                       [&listener] { return static_cast<double>(listener.counts().connections); });
    metrics.gauge_from("dacapo_connections_max", "How many there may be; one more is answered 503",
                       [&listener] { return static_cast<double>(listener.counts().connections_max); });
    metrics.gauge_from("dacapo_connections_refused", "Connections past that number since the start",
                       [&listener] { return static_cast<double>(listener.counts().connections_refused); });
    metrics.gauge_from("dacapo_accept_failures", "Times that no connection could be accepted since the start",
                       [&listener] { return static_cast<double>(listener.counts().accept_failures); });
    metrics.gauge_from("process_max_fds", "Files and sockets that this process may have open",
                       [] { return static_cast<double>(descriptor_limit()); });
}

HealthPart verification_part(const BackgroundVerification& verification) {
    const auto fault = verification.fault();
    return {"event_log", fault.has_value(),
            fault ? fmt::format("damaged at position {}", fault->position)
                  : fmt::format("verified up to position {}", verification.verified())};
}

HealthPart parked_part(const RunnerGauges& gauges) {
    const auto parked = gauges.parked_count();
    return {"parked_events", parked > 0, fmt::format("{} events could not be applied", parked)};
}

HealthPart rebuild_part(const RunnerGauges& gauges) {
    return {"rebuild", gauges.rebuilding(), gauges.rebuilding() ? "read models are being rebuilt" : "none"};
}

// Without brokers nothing new is recorded, here or on any other server, but what was recorded can be read.
HealthPart brokers_part(const KafkaLog& log) {
    const auto up = log.brokers_up();
    return {"brokers", up == 0,
            up == 0 ? "no broker of the event log answers" : fmt::format("{} connected", up)};
}

HealthPart lag_part(const RunnerGauges& gauges) {
    const auto lag = gauges.lag();
    return {"read_models", lag >= admitted_lag_max,
            fmt::format("{:.1f} s behind", std::chrono::duration<double>(lag).count())};
}

HealthPart disk_part(const std::filesystem::path& log_file) {
    std::error_code error;
    const auto space =
        std::filesystem::space(log_file.parent_path().empty() ? "." : log_file.parent_path(), error);
    return {"disk", !error && space.available < disk_bytes_low,
            error ? "unknown" : fmt::format("{} MB free", space.available >> 20)};
}

}  // namespace dacapo
