#include "tests/support/deployment.hpp"

#include "tests/support/http_client.hpp"
#include "tests/support/proxy.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <future>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <vector>

namespace dacapo::testing {
namespace {

using test::HttpClient;

constexpr std::chrono::seconds ready_patience{60};
constexpr std::chrono::milliseconds look_again{2};
constexpr Roles command_role{.command = true, .project = false, .query = false};
constexpr Roles project_role{.command = false, .project = true, .query = false};
constexpr Roles query_role{.command = false, .project = false, .query = true};

void wait_for(const std::string& what, const std::function<bool()>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + ready_patience;
    while (!holds()) {
        if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("not in time: " + what);
        std::this_thread::sleep_for(look_again);
    }
}

bool is_ready(HttpClient& http) { return http.request("GET", "/readyz").status == 200; }

std::int64_t log_head_of(std::uint16_t port) {
    const auto health = HttpClient(port).request("GET", "/health").body;
    return boost::json::parse(health).at("log_head").to_number<std::int64_t>();
}

// How many shards it decides, as it tells Prometheus.
int shards_owned(HttpClient& http) {
    constexpr std::string_view sample = "\ndacapo_shards_owned ";
    const auto metrics = http.request("GET", "/metrics").body;
    const auto at = metrics.find(sample);
    return at == std::string::npos ? 0 : std::stoi(metrics.substr(at + sample.size()));
}

class OneServer final : public Deployment {
public:
    OneServer(const Config& config, LogLines& lines, const Clock& clock, const ServerOptions& options)
        : server_(config, Roles{}, lines, clock, options) {
        server_.start();
        if (!config.event_log_kafka) return;
        HttpClient http(port());
        wait_for("all shards are decided", [&] { return is_ready(http); });
    }
    std::uint16_t port() const override { return server_.port(); }
    std::int64_t log_head() const override { return log_head_of(port()); }

private:
    Server server_;
};

class Cluster final : public Deployment {
public:
    Cluster(const Config& config, LogLines& lines, const Clock& clock, const ServerOptions& options) {
        std::vector<std::future<std::unique_ptr<Server>>> starting;
        const std::vector<std::pair<std::string, Roles>> parts{{"command-1", command_role},
                                                               {"command-2", command_role},
                                                               {"project-1", project_role},
                                                               {"query-1", query_role}};
        for (const auto& [name, roles] : parts) {
            auto own = config;
            own.port = free_port();
            own.advertised_url = fmt::format("http://127.0.0.1:{}", own.port);
            own.data_dir = config.data_dir / name;
            std::filesystem::create_directories(own.data_dir);
            ports_.push_back(own.port);
            auto start = [own, roles = roles, &lines, &clock, &options] {
                auto server = std::make_unique<Server>(own, roles, lines, clock, options);
                server->start();
                return server;
            };
            starting.push_back(std::async(std::launch::async, std::move(start)));
        }
        for (auto& one : starting) servers_.push_back(one.get());
        await_ready();
        proxy_.emplace(std::vector{ports_[0], ports_[1]}, std::vector{ports_[3], ports_[3]},
                       config.data_dir / "proxy.log");
    }

    // From the front to the back, so that nobody loses what they still work with: but the sockets end before
    // the proxy, as it is when a server is replaced.
    ~Cluster() override {
        std::vector<std::future<void>> stopping;
        for (auto& server : servers_)
            stopping.push_back(std::async(std::launch::async, [&server] { server->stop(); }));
        for (auto& one : stopping) one.get();
        proxy_.reset();
    }

    std::uint16_t port() const override { return proxy_->port(); }

    std::int64_t log_head() const override {
        std::int64_t head = 0;
        wait_for("all servers have read the same", [&] {
            head = log_head_of(ports_.front());
            return std::ranges::all_of(ports_,
                                       [head](std::uint16_t port) { return log_head_of(port) == head; });
        });
        return head;
    }

private:
    void await_ready() {
        std::vector<HttpClient> nodes;
        for (const auto port : ports_) nodes.emplace_back(port);
        wait_for("both command servers decide", [&] {
            const auto one = shards_owned(nodes[0]);
            const auto other = shards_owned(nodes[1]);
            return one > 0 && other > 0 && one + other == shard_count_of_a_log;
        });
        for (auto& node : nodes) wait_for("every server is ready", [&] { return is_ready(node); });
    }

    static constexpr int shard_count_of_a_log = 16;

    std::vector<std::uint16_t> ports_;
    std::vector<std::unique_ptr<Server>> servers_;
    std::optional<Proxy> proxy_;
};

}  // namespace

bool on_cluster() {
    const char* const topology = std::getenv("DACAPO_TEST_TOPOLOGY");
    return topology != nullptr && std::string_view(topology) == "cluster";
}

std::unique_ptr<Deployment> deploy_one(const Config& config, LogLines& lines, const Clock& clock,
                                       const ServerOptions& options) {
    return std::make_unique<OneServer>(config, lines, clock, options);
}

std::unique_ptr<Deployment> deploy_cluster(const Config& config, LogLines& lines, const Clock& clock,
                                           const ServerOptions& options) {
    return std::make_unique<Cluster>(config, lines, clock, options);
}

}  // namespace dacapo::testing
