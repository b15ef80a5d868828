// What answers at the port of a RunningServer, all of it in this process and on the test's clock: one server,
// or the servers of a cluster behind the real proxy.
#pragma once

#include "serve.hpp"

#include <cstdint>
#include <memory>

namespace dacapo::testing {

// DACAPO_TEST_TOPOLOGY=cluster: every test speaks to two command servers, a projector and a query server
// through the proxy. Wants the log on Kafka and the tables on PostgreSQL.
bool on_cluster();

class Deployment {
public:
    virtual ~Deployment() = default;  // stops, as on SIGTERM

    virtual std::uint16_t port() const = 0;
    // The position of the newest record, once all who follow the log have come to the same.
    virtual std::int64_t log_head() const = 0;
};

// References are kept. Returns when everything is ready. Throws what a Server throws.
std::unique_ptr<Deployment> deploy_one(const Config& config, LogLines& lines, const Clock& clock,
                                       const ServerOptions& options);
std::unique_ptr<Deployment> deploy_cluster(const Config& config, LogLines& lines, const Clock& clock,
                                           const ServerOptions& options);

}  // namespace dacapo::testing
