// GET /health, /livez, /readyz and /metrics: what people, schedulers and monitors ask a running server.
// Ready means that another instance could not do better; what is merely slow or full is told, with 200.
#pragma once

#include "infra/http/route.hpp"
#include "query/context.hpp"

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
    std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
};

// The tables lag behind by more than this: degraded.
inline constexpr double lag_s_max = 2.0;

// Keeps references to both.
std::vector<http::Route> health_queries(const QueryContext& context, const HealthSources& sources);

}  // namespace dacapo
