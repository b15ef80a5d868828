// The query routes over tables built from events, without a socket: requests go through the router to the
// handlers.
#pragma once

#include "infra/http/router.hpp"
#include "query/health.hpp"
#include "query/routes.hpp"
#include "tests/support/projected.hpp"

#include <optional>
#include <string>
#include <thread>

namespace dacapo::testing {

struct Sent {
    std::string if_none_match = {};
    std::string position = {};
    std::string cookie = {};
};

// Empty when there is none.
std::string header_of(const http::Response& response, std::string_view name);

class QueryServer {
public:
    QueryServer();
    ~QueryServer();
    QueryServer(const QueryServer&) = delete;
    QueryServer& operator=(const QueryServer&) = delete;

    // The routes anew, with empty caches.
    void restart(EmailVisibility policy);

    Position add_unprojected(int shard, StreamEvent event);
    Position add(int shard, StreamEvent event);
    // On another thread, as a runner that was a little late.
    void project_soon();

    http::Response get(const std::string& target, UserId viewer = {}, const Sent& sent = {});
    // "404 not_found"
    std::string problem_of(const std::string& target, UserId viewer = {}, const Sent& sent = {});

    TemporaryFolder folder;
    MemoryLog log;
    ManualClock clock;
    std::unique_ptr<Caches> caches;
    Projector projector{log, folder / "read.db", dropping()};
    Progress* progress = nullptr;
    double lag_s = 0;
    HealthSources health;
    std::unique_ptr<QueryContext> context;
    std::optional<http::Router> router;

private:
    RunnerOptions dropping();

    std::thread projecting_;
};

}  // namespace dacapo::testing
