// Debian's haproxy with the configuration of a real cluster, in front of servers of a test; ends with the
// test program however that ends.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <vector>

namespace dacapo::testing {

// A port of 127.0.0.1 that nobody listens on at this moment.
std::uint16_t free_port();

class Proxy {
public:
    // Two ports of each role. Returns when it sees a server of each; what it writes goes to the file.
    Proxy(std::vector<std::uint16_t> commands, std::vector<std::uint16_t> queries,
          const std::filesystem::path& output_file);

    std::uint16_t port() const { return port_; }

private:
    struct Close {
        void operator()(std::FILE* pipe) const { ::pclose(pipe); }
    };

    const std::uint16_t port_;
    std::unique_ptr<std::FILE, Close> held_;
};

}  // namespace dacapo::testing
