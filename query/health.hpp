// GET /health, /livez, /readyz and /metrics: what people, schedulers and monitors ask a running server.
// Ready means that another instance could not do better; what is merely slow or full is told, with 200.
#pragma once

#include "infra/clock.hpp"
#include "infra/http/route.hpp"
#include "infra/log/event_log.hpp"
#include "infra/sql/read_database.hpp"
#include "projections/all.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace dacapo {

enum class ServerState { starting, running, stopping };

// A part of the server that can do worse without being down: lag, parked streams, a full disk.
struct HealthPart {
    std::string name;
    bool degraded = false;
    std::string detail;
};

struct HealthSources {
    std::function<ServerState()> state = [] { return ServerState::running; };
    std::function<std::vector<HealthPart>()> parts = [] { return std::vector<HealthPart>(); };
    std::function<std::string()> metrics = [] { return std::string(); };  // text format 0.0.4
    // How long the oldest record that the tables have not passed has waited, in seconds; and what they have
    // passed. Neither is known where no tables are read or written.
    std::function<double()> lag_seconds = [] { return 0.0; };
    std::function<Frontier()> passed = [] { return Frontier(); };
    sql::ReadDatabase* database = nullptr;  // null: this server needs none
    std::vector<ReadTable> tables;          // that must be readable once their projection has made them
    std::string version;
    std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
};

// The tables lag behind by more than this: degraded.
inline constexpr double lag_s_max = 2.0;

// GET /health, /livez and /readyz. Keeps references to all three.
std::vector<http::Route> health_queries(const EventLog& log, const Clock& clock,
                                        const HealthSources& sources);

// GET /metrics. Keeps the reference.
http::Route metrics_query(const HealthSources& sources);

// GET /livez alone.
http::Route livez_query();

}  // namespace dacapo
