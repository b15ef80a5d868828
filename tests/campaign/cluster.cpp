#include "tests/campaign/cluster.hpp"

#include <fmt/format.h>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>

namespace dacapo::test {
namespace {

// Ports in a row: the proxy, six servers, PostgreSQL, and Kafka's brokers with their controllers.
constexpr int port_count = 40;
constexpr int servers_offset = 1;
constexpr int postgres_offset = 8;
constexpr int kafka_offset = 10;

const std::string root = DACAPO_SOURCE_DIR;

int first_free_port() {
    const auto command =
        fmt::format("bash -c 'source \"{}/scripts/common.sh\"; free_ports {}'", root, port_count);
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(::popen(command.c_str(), "re"), ::pclose);
    int port = 0;
    if (!pipe || std::fscanf(pipe.get(), "%d", &port) != 1) throw std::runtime_error("no free ports");
    return port;
}

std::string text_of(const std::filesystem::path& file) {
    std::ifstream in(file);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

}  // namespace

Cluster::Cluster(const std::filesystem::path& program, std::filesystem::path folder, int broker_count)
    : folder_(std::move(folder)), broker_count_(broker_count) {
    const int first = first_free_port();
    port_ = static_cast<std::uint16_t>(first);
    postgres_port_ = static_cast<std::uint16_t>(first + postgres_offset);
    kafka_port_ = static_cast<std::uint16_t>(first + kafka_offset);
    require(cluster(fmt::format(
        "up --program '{}' --brokers {} --port {} --servers-port {} --kafka-port {} --postgres-port {}",
        program.string(), broker_count, port_, first + servers_offset, kafka_port_, postgres_port_)));
}

Cluster::~Cluster() { run(cluster(kept_ ? "down --keep" : "down")); }

KafkaUrl Cluster::log() const {
    std::string brokers;
    for (int i = 0; i < broker_count_; ++i)
        brokers += fmt::format("{}127.0.0.1:{}", i == 0 ? "" : ",", kafka_port_ + i);
    return {brokers, "dacapo"};
}

std::string Cluster::database_url() const {
    auto password = text_of(folder_ / "cluster/postgres/password");
    while (password.ends_with('\n')) password.pop_back();
    return fmt::format("postgresql://dacapo:{}@127.0.0.1:{}/dacapo", password, postgres_port_);
}

void Cluster::signal(const std::string& part, const std::string& signal) {
    require(cluster(fmt::format("kill {} --signal {}", part, signal)));
}

void Cluster::restart(const std::string& part) { require(cluster("restart " + part)); }
void Cluster::kill_broker(int broker) { require(kafka("kill", broker)); }
void Cluster::revive_broker(int broker) { require(kafka("revive", broker)); }
void Cluster::crash_postgres() { require(postgres("crash")); }
void Cluster::start_postgres() { require(postgres("start") + fmt::format(" {}", postgres_port_)); }

void Cluster::terminate_backends() {
    require(
        fmt::format("psql -qAtX '{}' -c \"SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE application_name = 'dacapo'\"",
                    database_url()));
}

bool Cluster::is_whole() { return run(cluster("status")) == 0; }

int Cluster::run(const std::string& command) const {
    return std::system(
        fmt::format("{} >>'{}' 2>&1 </dev/null", command, (folder_ / "scripts.log").string()).c_str());
}

std::string Cluster::cluster(const std::string& arguments) const {
    return fmt::format("'{}/scripts/cluster.sh' {} --dir '{}'", root, arguments,
                       (folder_ / "cluster").string());
}

std::string Cluster::kafka(const std::string& command, int broker) const {
    return fmt::format("'{}/scripts/kafka.sh' {} '{}' {}", root, command,
                       (folder_ / "cluster/kafka").string(), broker);
}

std::string Cluster::postgres(const std::string& command) const {
    return fmt::format("'{}/scripts/postgres.sh' {} '{}'", root, command,
                       (folder_ / "cluster/postgres").string());
}

void Cluster::require(const std::string& command) const {
    if (run(command) == 0) return;
    throw std::runtime_error(command + " failed:\n" + text_of(folder_ / "scripts.log"));
}

}  // namespace dacapo::test
