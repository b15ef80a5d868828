// What a running server tells of itself: metrics of every part and a log line for each exchange that matters.
// Beside serve.cpp because only there all parts are known.
#pragma once

#include "infra/http/listener.hpp"
#include "infra/http/security_log.hpp"
#include "infra/kafka/kafka_log.hpp"
#include "infra/log/background_verification.hpp"
#include "infra/log_lines.hpp"
#include "infra/metrics.hpp"
#include "projections/gauges.hpp"
#include "query/health.hpp"

#include <filesystem>

namespace dacapo {

class Observer {
public:
    Observer(Metrics& metrics, LogLines& lines, const Clock& clock)
        : metrics_(metrics), lines_(lines), security_(lines, clock, metrics) {}

    // Any I/O thread.
    void exchange(const http::Exchange& exchange);

private:
    struct Handles {
        Counter* count = nullptr;
        Histogram* seconds = nullptr;
    };
    Handles& handles_of(const http::Exchange& exchange);

    Metrics& metrics_;
    LogLines& lines_;
    SecurityLog security_;
};

// Gauges that are read when somebody asks.
void observe(Metrics& metrics, const EventLog& log);
void observe(Metrics& metrics, const RunnerGauges& gauges);
void observe(Metrics& metrics, const http::Listener& listener);

// What may be worse than it should without the server being down.
HealthPart verification_part(const BackgroundVerification& verification);
HealthPart parked_part(const RunnerGauges& gauges);
HealthPart rebuild_part(const RunnerGauges& gauges);
HealthPart disk_part(const std::filesystem::path& log_file);
HealthPart brokers_part(const KafkaLog& log);
HealthPart lag_part(const RunnerGauges& gauges);

}  // namespace dacapo
