// What a scheduler and a monitor are told, and when a server calls itself not ready.
#include "tests/support/query_server.hpp"

#include <doctest/doctest.h>
#include <boost/json.hpp>

namespace dacapo {
namespace {

namespace json = boost::json;
using testing::header_of;
using testing::QueryServer;

struct Server : QueryServer {
    Server() { projector.runner.prepare(); }
    json::value body(const std::string& target) {
        const auto response = get(target);
        CHECK(response.status == 200);
        return json::parse(response.content());
    }
    std::string status_of_part(std::string_view name) {
        const auto readiness = body("/readyz");
        for (const auto& part : readiness.at("parts").as_array())
            if (part.at("name").as_string() == name) return std::string(part.at("status").as_string());
        return "";
    }
};

TEST_CASE_FIXTURE(Server, "health tells the version and the time and how far the tables are") {
    add(0, {{StreamKind::account, 1},
            AccountEvent(AccountRegistered{{1}, "ana", "a@example.org", {}, "h", Role::user, Timestamp{}})});
    const auto shown = body("/health");
    CHECK(shown.at("status") == "ok");
    CHECK(shown.at("version") == "1.2.3");
    CHECK(shown.at("timestamp") == "2024-03-14T12:00:00Z");
    CHECK(shown.at("log_head") == 1);
    CHECK(shown.at("passed") == 1);
    lag_s = 3;
    CHECK(body("/health").at("status") == "degraded");
}

TEST_CASE_FIXTURE(Server, "a process that answers is alive whatever its state") {
    health.state = [] { return ServerState::stopping; };
    CHECK(body("/livez").at("status") == "ok");
}

TEST_CASE_FIXTURE(Server, "a server is not ready while it starts or stops") {
    CHECK(body("/readyz").at("status") == "ready");
    health.state = [] { return ServerState::starting; };
    CHECK(problem_of("/readyz") == "503 not_ready");
    health.state = [] { return ServerState::stopping; };
    CHECK(problem_of("/readyz") == "503 not_ready");
    CHECK_FALSE(header_of(get("/readyz"), "Retry-After").empty());
}

TEST_CASE_FIXTURE(Server, "a server whose database does not answer is not ready") {
    projector.database.stop();
    CHECK(problem_of("/readyz") == "503 not_ready");
    CHECK(problem_of("/users") == "503 stopping");
}

TEST_CASE_FIXTURE(Server, "a server one of whose tables is gone is not ready") {
    health.tables = read_tables();
    CHECK(body("/readyz").at("status") == "ready");
    auto& writer = projector.database.writer();
    for (const auto& table : read_tables()) {
        const std::string name(table.name);
        writer.script("ALTER TABLE " + name + " RENAME TO away");
        CHECK_MESSAGE(problem_of("/readyz") == "503 not_ready", name);
        writer.script("ALTER TABLE away RENAME TO " + name);
        CHECK_MESSAGE(body("/readyz").at("status") == "ready", name);
    }
    health.tables.push_back({"of a newer build", "not_made_yet"});
    CHECK(body("/readyz").at("status") == "ready");
}

TEST_CASE_FIXTURE(Server, "lag and other troubles are told with 200") {
    lag_s = 2;
    CHECK(status_of_part("read_models") == "ok");
    lag_s = 2.5;
    CHECK(status_of_part("read_models") == "degraded");
    lag_s = 0;
    health.parts = [] { return std::vector<HealthPart>{{"parked_streams", true, "3"}, {"disk", false, ""}}; };
    CHECK(status_of_part("parked_streams") == "degraded");
    CHECK(status_of_part("disk") == "ok");
    CHECK(body("/readyz").at("status") == "degraded");
}

TEST_CASE_FIXTURE(Server, "metrics are the text that was made for them") {
    health.metrics = [] { return std::string("dacapo_up 1\n"); };
    const auto response = get("/metrics");
    CHECK(response.content() == "dacapo_up 1\n");
    CHECK(response.content_type == "text/plain; version=0.0.4; charset=utf-8");
}

}  // namespace
}  // namespace dacapo
