#include "query/health.hpp"

#include "api/json.hpp"
#include "infra/http/problem.hpp"
#include "query/read.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <set>

namespace dacapo {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

constexpr std::string_view select_made = "SELECT name FROM projections";

struct Health {
    std::string status = "ok";
    Timestamp timestamp;
    std::string version;
    std::int64_t uptime_s = 0;
    std::int64_t log_head = 0;
    std::int64_t passed = 0;
    double lag_s = 0;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("status", self.status, "`ok`, or `degraded` when the tables are behind.");
        field("timestamp", self.timestamp);
        field("version", self.version);
        field("uptime_s", self.uptime_s);
        field("log_head", self.log_head, "The newest durable record.");
        field("passed", self.passed, "The newest record that the tables show.");
        field("lag_s", self.lag_s, "How long the oldest record that they do not show has waited.");
    }
};

struct Part {
    std::string title;
    std::string status;  // ok, degraded, failed
    std::string detail;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("name", self.title);
        field("status", self.status, "`ok`, `degraded` (told, not refused) or `failed`.");
        field("detail", self.detail);
    }
};

struct Readiness {
    std::string status = "ready";
    std::vector<Part> parts;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("status", self.status, "`ready` or `degraded`.");
        field("parts", self.parts);
    }
};

struct Alive {
    std::string status = "ok";

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("status", self.status);
    }
};

constexpr std::string_view metrics_example =
    "# HELP dacapo_log_head Records in the event log\n# TYPE dacapo_log_head gauge\ndacapo_log_head 34\n";

Health example_health() {
    Health health;
    health.timestamp = Timestamp(std::chrono::seconds(1'710'417'600));  // 2024-03-14T12:00:00Z
    health.version = "0.1.0";
    health.uptime_s = 86'400;
    health.log_head = health.passed = 34;
    return health;
}

Readiness example_readiness() {
    return {
        "ready",
        {{"server", "ok", "running"}, {"read_database", "ok", ""}, {"read_models", "ok", "0.000 s behind"}}};
}

http::Response plain(std::string body) {
    http::Response response;
    response.body = std::move(body);
    response.set_header("Cache-Control", "no-store");
    return response;
}

asio::awaitable<http::Response> get_health(const EventLog& log, const Clock& clock,
                                           const HealthSources& sources) {
    Health health;
    health.lag_s = sources.lag_seconds();
    if (health.lag_s > lag_s_max) health.status = "degraded";
    health.timestamp = clock.now();
    health.version = sources.version;
    const auto uptime = std::chrono::steady_clock::now() - sources.started;
    health.uptime_s = std::chrono::duration_cast<std::chrono::seconds>(uptime).count();
    health.passed = sources.passed().total();
    health.log_head = log.head().total();
    co_return plain(api::to_json(health));
}

asio::awaitable<http::Response> get_livez() { co_return plain(api::to_json(Alive{})); }

Part state_part(ServerState state) {
    switch (state) {
        case ServerState::starting:
            return {"server", "failed", "starting"};
        case ServerState::stopping:
            return {"server", "failed", "stopping"};
        case ServerState::running:
            break;
    }
    return {"server", "ok", "running"};
}

// Looks into every table: one that somebody has dropped, or has taken the rights to, is no better than no
// database. Those of a newer build are made by its projector, which may come after its queries.
void look_into(const std::vector<ReadTable>& tables, sql::Session& session) {
    std::set<std::string, std::less<>> made;
    session.query(select_made, [&](const sql::Row& row) { made.insert(row.get<std::string>(0)); });
    std::string probe = "SELECT 1";
    for (const auto& table : tables)
        if (made.contains(table.projection)) probe += fmt::format(", (SELECT 1 FROM {} LIMIT 1)", table.name);
    session.value<int>(probe);
}

// A full queue is load, not a fault: the tables are tried only when there is room.
asio::awaitable<Part> database_part(sql::ReadDatabase& database, const std::vector<ReadTable>& tables) {
    auto ask = [&tables](sql::Session& session) { look_into(tables, session); };
    try {
        co_await database.run(std::move(ask));
    } catch (const sql::QueueFull&) {
        co_return Part{"read_database", "degraded", "many queries wait"};
    } catch (const std::exception&) {
        co_return Part{"read_database", "failed", "the tables cannot be read"};
    }
    co_return Part{"read_database", "ok", ""};
}

void refuse_if_failed(const std::vector<Part>& parts) {
    std::vector<http::FieldError> failed;
    for (const auto& part : parts)
        if (part.status == "failed") failed.push_back({"/parts/" + part.title, "failed", part.detail});
    if (failed.empty()) return;
    http::Problem problem(503, "not_ready",
                          "Another instance can do better; errors names the parts that failed.",
                          std::move(failed));
    problem.headers.emplace_back("Retry-After", "1");
    throw problem;
}

asio::awaitable<http::Response> get_readyz(const HealthSources& sources) {
    Readiness readiness;
    readiness.parts.push_back(state_part(sources.state()));
    if (sources.database)
        readiness.parts.push_back(co_await database_part(*sources.database, sources.tables));
    const auto lag_s = sources.lag_seconds();
    readiness.parts.push_back(
        {"read_models", lag_s > lag_s_max ? "degraded" : "ok", fmt::format("{:.3f} s behind", lag_s)});
    for (auto& part : sources.parts())
        readiness.parts.push_back(
            {std::move(part.name), part.degraded ? "degraded" : "ok", std::move(part.detail)});

    refuse_if_failed(readiness.parts);
    const auto degraded = [](const Part& part) { return part.status == "degraded"; };
    if (std::any_of(readiness.parts.begin(), readiness.parts.end(), degraded)) readiness.status = "degraded";
    co_return plain(api::to_json(readiness));
}

asio::awaitable<http::Response> get_metrics(const HealthSources& sources) {
    auto response = plain(sources.metrics());
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    co_return response;
}

http::Route health_route(std::string pattern, std::string operation_id, std::string summary,
                         std::string schema, std::string example, http::Handler handler) {
    http::Route route;
    route.pattern = std::move(pattern);
    route.operation_id = std::move(operation_id);
    route.tag = "health";
    route.counted = false;
    route.summary = std::move(summary);
    route.responses = {
        {200, route.summary + ".", std::move(schema), {}, "application/json", std::move(example)}};
    route.handler = std::move(handler);
    return route;
}

}  // namespace

http::Route livez_query() {
    auto livez = [](http::Request&) { return get_livez(); };
    auto route = health_route("/livez", "getLivez", "The process answers", api::schema_text<Alive>(),
                              api::to_json(Alive{}), std::move(livez));
    route.description =
        "For whoever restarts dead processes. It touches neither the log nor the database, so that a slow "
        "disk does "
        "not cost a restart.";
    return route;
}

std::vector<http::Route> health_queries(const EventLog& log, const Clock& clock,
                                        const HealthSources& sources) {
    auto health = [&](http::Request&) { return get_health(log, clock, sources); };
    auto readyz = [&](http::Request&) { return get_readyz(sources); };

    auto ready =
        health_route("/readyz", "getReadyz", "Whether requests should be sent here",
                     api::schema_text<Readiness>(), api::to_json(example_readiness()), std::move(readyz));
    ready.description =
        "For load balancers. 503 only for what another instance could do better; lag, parked streams and "
        "full disks "
        "are told as `degraded` with 200.";
    ready.responses.push_back(
        {503, "Starting, stopping, or without its database; errors names the parts.", "", {"not_ready"}});
    auto how = health_route("/health", "getHealth", "How the server is", api::schema_text<Health>(),
                            api::to_json(example_health()), std::move(health));
    how.description =
        "For people: the version, how long it runs, and how far the read models are behind the log. It "
        "answers 200 "
        "as long as the server answers at all.";
    return {std::move(how), livez_query(), std::move(ready)};
}

http::Route metrics_query(const HealthSources& sources) {
    auto metrics = [&](http::Request&) { return get_metrics(sources); };
    auto text = health_route("/metrics", "getMetrics", "Metrics for Prometheus", R"({"type":"string"})",
                             json::serialize(json::string(metrics_example)), std::move(metrics));
    text.description =
        "Counters, gauges and histograms of this process in the text format 0.0.4; docs/operations.md says "
        "which to "
        "watch.";
    text.responses[0].content_type = "text/plain";
    return text;
}

}  // namespace dacapo
