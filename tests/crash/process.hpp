// The program as a process of its own: started on a folder, killed or asked to end, its exit code and output
// read. Only a real process can be killed by kill -9, which is what these tests are about.
#pragma once

#include "tests/support/temporary_folder.hpp"

#include <sys/types.h>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dacapo::test {

// A busy machine replays slowly; nothing here waits longer than it has to.
inline constexpr std::chrono::seconds start_patience{60};
inline constexpr const char* crash_secret = "a secret that only the crash tests know";

class Process {
public:
    // Standard output and error go to `output_file`, which is made anew. `environment` (NAME=value) is added
    // to ours.
    Process(const std::filesystem::path& program, std::vector<std::string> arguments,
            std::filesystem::path output_file, std::vector<std::string> environment = {});
    ~Process() { kill(); }
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    // The port it serves on, once it does; or that of another line of its log. Throws with its output when it
    // ends before, or never says so.
    std::uint16_t await_port(std::string_view line = "serving");
    void kill();  // -9, and waits until it is gone
    void send_signal(int signal);
    pid_t id() const { return id_; }
    // The exit code, 128 + N when signal N ended it; nothing when it still runs after the time.
    std::optional<int> await_exit(std::chrono::milliseconds patience);
    std::string output() const;

private:
    const std::filesystem::path output_file_;
    pid_t id_ = -1;
    std::optional<int> exit_code_;
};

// The flags of a server on this folder, on a free port, with cheap passwords.
std::vector<std::string> server_flags(const std::filesystem::path& folder);

// dacapo itself, and a program that stands beside the tests.
std::filesystem::path real_program();
std::filesystem::path test_program(const std::string& name);

}  // namespace dacapo::test
