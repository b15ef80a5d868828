#include "tests/support/proxy.hpp"

#include "tests/support/http_client.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>

namespace dacapo::testing {
namespace {

constexpr std::chrono::seconds start_patience{20};
constexpr std::chrono::milliseconds look_again{5};

// The shell waits for the end of its input, whose other end no other child of ours gets.
std::string command_line(std::uint16_t port, const std::vector<std::uint16_t>& commands,
                         const std::vector<std::uint16_t>& queries, const std::filesystem::path& output) {
    const auto at = [](std::uint16_t one) { return fmt::format("127.0.0.1:{}", one); };
    return fmt::format(
        "PROXY_BIND={} COMMAND_1={} COMMAND_2={} QUERY_1={} QUERY_2={} PATH=$PATH:/usr/sbin "
        "haproxy -q -db -f '{}/deploy/haproxy/haproxy.cfg' >'{}' 2>&1 & "
        "proxy=$!; cat >/dev/null; kill -9 $proxy",
        at(port), at(commands.at(0)), at(commands.at(1)), at(queries.at(0)), at(queries.at(1)),
        DACAPO_SOURCE_DIR, output.string());
}

bool is_ready(std::uint16_t port) {
    try {
        return test::HttpClient(port).request("GET", "/proxyz").status == 200;
    } catch (const std::runtime_error&) {
        return false;
    }
}

}  // namespace

// Below those that the system gives to clients (32768 on), which would come in between; and every time
// another one.
std::uint16_t free_port() {
    static std::atomic<unsigned> next{static_cast<unsigned>(::getpid()) * 97U};
    for (int attempt = 0; attempt < 1'000; ++attempt) {
        const auto port = static_cast<std::uint16_t>(20'000 + next++ % 12'000);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const bool free = ::bind(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
        ::close(descriptor);
        if (free) return port;
    }
    throw std::runtime_error("no free port");
}

Proxy::Proxy(std::vector<std::uint16_t> commands, std::vector<std::uint16_t> queries,
             const std::filesystem::path& output_file)
    : port_(free_port()), held_(::popen(command_line(port_, commands, queries, output_file).c_str(), "we")) {
    const auto deadline = std::chrono::steady_clock::now() + start_patience;
    while (!is_ready(port_)) {
        if (std::chrono::steady_clock::now() > deadline)
            throw std::runtime_error("the proxy is not ready; see " + output_file.string());
        std::this_thread::sleep_for(look_again);
    }
}

}  // namespace dacapo::testing
