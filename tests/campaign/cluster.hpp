// The cluster of scripts/cluster.sh in a folder and on ports of its own, whose parts can be taken away. It
// ends with this object, and its data with it.
#pragma once

#include "infra/kafka/url.hpp"

#include <cstdint>
#include <filesystem>
#include <string>

namespace dacapo::test {

class Cluster {
public:
    // Returns when everything is ready. Throws std::runtime_error, with what the script said.
    Cluster(const std::filesystem::path& program, std::filesystem::path folder, int broker_count);
    ~Cluster();
    Cluster(const Cluster&) = delete;
    Cluster& operator=(const Cluster&) = delete;

    // The proxy's.
    std::uint16_t port() const { return port_; }
    KafkaUrl log() const;
    std::string database_url() const;
    int broker_count() const { return broker_count_; }

    // Of a server: "command-1". restart() returns when it is ready.
    void signal(const std::string& part, const std::string& signal);
    void kill(const std::string& part) { signal(part, "KILL"); }
    void restart(const std::string& part);
    void kill_broker(int broker);
    void revive_broker(int broker);
    void crash_postgres();
    void start_postgres();
    void terminate_backends();
    // Nothing that is down or silent.
    bool is_whole();
    // Keeps what the parts have written, for whoever looks for the reason of a fault.
    void keep() { kept_ = true; }

private:
    int run(const std::string& command) const;
    void require(const std::string& command) const;
    // Command lines of the scripts.
    std::string cluster(const std::string& arguments) const;
    std::string kafka(const std::string& command, int broker) const;
    std::string postgres(const std::string& command) const;

    const std::filesystem::path folder_;
    const int broker_count_;
    std::uint16_t port_ = 0;
    std::uint16_t kafka_port_ = 0;
    std::uint16_t postgres_port_ = 0;
    bool kept_ = false;
};

}  // namespace dacapo::test
