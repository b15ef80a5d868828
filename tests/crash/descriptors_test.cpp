// Idle connections that would take every descriptor of the program: some of its files are always left, what
// is open goes on, and a server that cannot accept waits instead of spinning.
#include "tests/crash/process.hpp"
#include "tests/support/http_client.hpp"

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <algorithm>
#include <csignal>
#include <fstream>
#include <functional>
#include <sstream>
#include <thread>

namespace dacapo::test {
namespace {

constexpr std::chrono::seconds stop_patience{10};

std::vector<std::string> serving(const std::filesystem::path& folder) {
    auto flags = server_flags(folder);
    flags.insert(flags.begin(), "serve");
    return flags;
}

// Connections of a client that says nothing. They end with a reset, which leaves no port occupied.
class IdleSockets {
public:
    IdleSockets(std::uint16_t port, std::size_t count) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        for (std::size_t i = 0; i < count; ++i) {
            const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
            REQUIRE(socket >= 0);
            sockets_.push_back(socket);
            const linger reset{1, 0};
            ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
            REQUIRE(::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
        }
    }
    ~IdleSockets() { close(); }
    IdleSockets(const IdleSockets&) = delete;
    IdleSockets& operator=(const IdleSockets&) = delete;
    void close() {
        for (const int socket : sockets_) ::close(socket);
        sockets_.clear();
    }

private:
    std::vector<int> sockets_;
};

bool comes_true(const std::function<bool()>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!holds()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
}

long metric(HttpClient& client, const std::string& name) {
    const auto text = client.request("GET", "/metrics").body;
    const auto at = text.find("\n" + name + " ");
    REQUIRE_MESSAGE(at != text.npos, name);
    return std::stol(text.substr(at + name.size() + 2));
}

// Reads, writes to the log and hashes a password, on a connection that is open already.
void goes_on(HttpClient& client, const std::string& username) {
    CHECK(client.request("GET", "/events").status == 200);
    CHECK(client
              .request("POST", "/register", {},
                       R"({"username": ")" + username + R"(", "email": ")" + username +
                           R"(@example.org", "password": "four-strings"})")
              .status == 200);
    CHECK(client.request("GET", "/users?q=" + username).body.find(username) != std::string::npos);
}

bool new_ones_are_answered(std::uint16_t port) {
    try {
        return HttpClient(port).request("GET", "/livez").status == 200;
    } catch (const std::exception&) {
        return false;
    }
}

double processor_seconds(pid_t process) {
    std::ifstream file("/proc/" + std::to_string(process) + "/stat");
    std::string text{std::istreambuf_iterator<char>(file), {}};
    std::istringstream fields(text.substr(text.rfind(')') + 1));
    std::string skipped;
    for (int i = 0; i < 11; ++i) fields >> skipped;
    double user = 0, system = 0;
    fields >> user >> system;
    return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

long resident_bytes(pid_t process) {
    std::ifstream file("/proc/" + std::to_string(process) + "/statm");
    long pages = 0;
    file >> pages >> pages;
    return pages * ::sysconf(_SC_PAGESIZE);
}

std::size_t occurrences(const std::string& text, const std::string& part) {
    std::size_t count = 0;
    for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
    return count;
}

TEST_CASE("400 idle connections to a server that may open 256 files leave it the files that it needs") {
    const TemporaryFolder folder;
    auto arguments = serving(folder.path());
    arguments.insert(arguments.begin(), {"--nofile=256:256", real_program().string()});
    Process process("/usr/bin/prlimit", arguments, folder / "output.txt");
    const auto port = process.await_port();
    HttpClient open(port);
    CHECK(metric(open, "process_max_fds") == 256);
    const auto connections_max = metric(open, "dacapo_connections_max");
    CHECK(connections_max == 128);
    IdleSockets idle(port, 400);
    CHECK(
        comes_true([&] { return metric(open, "dacapo_connections_refused") == 400 + 1 - connections_max; }));
    CHECK(metric(open, "dacapo_connections") == connections_max);
    goes_on(open, "nina");
    CHECK(metric(open, "dacapo_accept_failures") == 0);
    idle.close();
    CHECK(comes_true([&] { return new_ones_are_answered(port); }));
    process.send_signal(SIGTERM);
    CHECK_MESSAGE(process.await_exit(stop_patience) == 0, process.output());
}

TEST_CASE("a server without a descriptor left waits: no processor, one log line, and what is open goes on") {
    const TemporaryFolder folder;
    Process process(real_program(), serving(folder.path()), folder / "output.txt");
    const auto port = process.await_port();
    HttpClient open(port);
    goes_on(open, "nina");
    // Less than it counts with: what is left for the connections of an operator's `ulimit` or a leak.
    const rlimit lowered{128, 128};
    REQUIRE(::prlimit(process.id(), RLIMIT_NOFILE, &lowered, nullptr) == 0);
    IdleSockets idle(port, 400);
    CHECK(comes_true([&] { return metric(open, "dacapo_accept_failures") >= 2; }));
    const auto failures = metric(open, "dacapo_accept_failures");
    const auto before = processor_seconds(process.id());
    std::this_thread::sleep_for(std::chrono::seconds(1));  // What is measured is what a second costs.
    const auto spent = processor_seconds(process.id()) - before;
    MESSAGE("processor time of a second without descriptors: " << spent << " s");
    CHECK(spent < 0.25);
    CHECK(metric(open, "dacapo_accept_failures") - failures < 100);
    goes_on(open, "zoe");
    CHECK(occurrences(process.output(), "no connection can be accepted") == 1);
    CHECK(occurrences(process.output(), "\n") < 20);
    idle.close();
    CHECK(comes_true([&] { return new_ones_are_answered(port); }));
    goes_on(open, "malik");
    CHECK(occurrences(process.output(), "no connection can be accepted") == 1);
}

TEST_CASE("ten thousand idle connections cost little memory, and requests among them are answered") {
    constexpr std::size_t count = 9'990;  // of 10,000; the rest are ours
    constexpr rlim_t needed = 10'200;
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_max < needed) {
        MESSAGE("left out: a process may open " << limit.rlim_max << " files here");
        return;
    }
    limit.rlim_cur = limit.rlim_max;
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
    const TemporaryFolder folder;
    Process process(real_program(), serving(folder.path()), folder / "output.txt");
    const auto port = process.await_port();
    HttpClient open(port);
    CHECK(metric(open, "dacapo_connections_max") == 10'000);
    goes_on(open, "nina");
    const auto before = resident_bytes(process.id());
    IdleSockets idle(port, count);
    CHECK(comes_true([&] { return metric(open, "dacapo_connections") == long{count} + 1; }));
    const auto each = (resident_bytes(process.id()) - before) / long{count};
    MESSAGE("resident memory of an idle connection: " << each << " bytes");
    CHECK(each < 16 * 1024);
    for (int i = 0; i < 100; ++i)
        CHECK(open.request("GET", "/events?skip=" + std::to_string(i)).status == 200);
    CHECK(new_ones_are_answered(port));
    goes_on(open, "zoe");
}

}  // namespace
}  // namespace dacapo::test
