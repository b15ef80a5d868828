#include "serve_admin.hpp"

namespace dacapo {
namespace {

constexpr std::size_t admin_connections_max = 64;

}  // namespace

std::unique_ptr<http::Listener> make_admin_listener(const ServerNeeds& needs, const HealthSources& health) {
    if (!needs.config.admin_port) return nullptr;
    http::ListenerOptions options;
    options.host = needs.config.admin_host;
    options.port = *needs.config.admin_port;
    options.thread_count = 1;
    options.limits.connection_count_max = admin_connections_max;
    auto routes = health_queries(needs.log.log(), needs.clock, health);
    routes.push_back(metrics_query(health));
    http::Hooks hooks;
    hooks.on_internal_error = [&lines = needs.lines](std::string_view request_id, std::string_view what) {
        lines.error("internal error", {{"request_id", request_id}, {"error", what}});
    };
    return std::make_unique<http::Listener>(std::move(options), http::Router(std::move(routes), {}),
                                            std::move(hooks));
}

}  // namespace dacapo
