// What a server that is about to start says of the parts that it cannot do without: in its log, and in the
// /readyz that stands in for it meanwhile.
#pragma once

#include "serve_waiting.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/proxy.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <fstream>
#include <string>

namespace dacapo::testing {

struct Waited {
    bool all_there = false;
    std::string readyz;  // of the first pause; empty when there was none
    std::string logged;
};

// Tells it to end in its first pause.
inline Waited wait_once(Config config, Roles roles) {
    const TemporaryFolder folder;
    const auto file = folder / "server.log";
    const int descriptor = ::open(file.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
    config.port = free_port();
    Waited waited;
    {
        const SystemClock clock;
        LogLines lines(LogLevel::info, clock, descriptor);
        const auto look = [&](std::chrono::milliseconds) {
            waited.readyz = test::HttpClient(config.port).request("GET", "/readyz").body;
            return true;
        };
        waited.all_there = wait_for_parts(config, roles, lines, look);
    }
    ::close(descriptor);
    std::ifstream in(file);
    waited.logged = {std::istreambuf_iterator<char>(in), {}};
    return waited;
}

}  // namespace dacapo::testing
