// What a running server tells of itself: metrics of every part and a log line for each exchange that matters.
// Beside serve.cpp because only there all parts are known.
#pragma once

#include "infra/crypto/password.hpp"
#include "infra/http/listener.hpp"
#include "infra/log/background_verification.hpp"
#include "infra/log_lines.hpp"
#include "infra/metrics.hpp"
#include "projections/gauges.hpp"
#include "query/feed_hub.hpp"
#include "query/health.hpp"

#include <filesystem>
#include <vector>

namespace dacapo {

class Observer {
public:
    Observer(Metrics& metrics, LogLines& lines) : metrics_(metrics), lines_(lines) {}

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
};

// Gauges that are read when somebody asks.
void observe(Metrics& metrics, const RunnerGauges& gauges, const EventLog& log, const PasswordPool& passwords,
             const FeedHub& feed);

// What may be worse than it should without the server being down.
std::vector<HealthPart> health_parts(const RunnerGauges& gauges, const BackgroundVerification& verification,
                                     const std::filesystem::path& log_file);

}  // namespace dacapo
