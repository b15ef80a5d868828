#include "tests/crash/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace dacapo::test {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds look_interval{2};

// The port in the line that says it serves.
std::optional<std::uint16_t> port_in(const std::string& output, std::string_view said) {
    const auto line = output.find(fmt::format("\"msg\":\"{}\"", said));
    if (line == std::string::npos) return std::nullopt;
    constexpr std::string_view member = "\"port\":";
    const auto at = output.find(member, line);
    if (at == std::string::npos || output.find('\n', at) == std::string::npos) return std::nullopt;
    return static_cast<std::uint16_t>(std::stoi(output.substr(at + member.size(), 6)));
}

}  // namespace

Process::Process(const std::filesystem::path& program, std::vector<std::string> arguments,
                 std::filesystem::path output_file, std::vector<std::string> environment)
    : output_file_(std::move(output_file)) {
    arguments.insert(arguments.begin(), program.string());
    std::vector<char*> pointers;
    for (auto& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);

    std::vector<char*> variables;
    for (char** one = environ; *one; ++one) variables.push_back(*one);
    for (auto& one : environment) variables.push_back(one.data());
    variables.push_back(nullptr);

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, output_file_.c_str(),
                                     O_CREAT | O_WRONLY | O_TRUNC | O_APPEND, 0600);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    const int error =
        ::posix_spawn(&id_, program.c_str(), &actions, nullptr, pointers.data(), variables.data());
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) throw std::runtime_error("cannot start " + program.string());
}

std::uint16_t Process::await_port(std::string_view line) {
    const auto deadline = Clock::now() + start_patience;
    while (Clock::now() < deadline) {
        const bool ended = await_exit(look_interval).has_value();
        if (const auto port = port_in(output(), line)) return *port;
        if (ended) break;
    }
    throw std::runtime_error("it does not serve: " + output());
}

void Process::send_signal(int signal) {
    if (!exit_code_) ::kill(id_, signal);
}

void Process::kill() {
    send_signal(SIGKILL);
    await_exit(start_patience);
}

std::optional<int> Process::await_exit(std::chrono::milliseconds patience) {
    const auto deadline = Clock::now() + patience;
    while (!exit_code_) {
        int status = 0;
        if (::waitpid(id_, &status, WNOHANG) == id_)
            exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        else if (Clock::now() >= deadline)
            break;
        else
            std::this_thread::sleep_for(look_interval);
    }
    return exit_code_;
}

std::string Process::output() const {
    std::ifstream file(output_file_);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

std::vector<std::string> server_flags(const std::filesystem::path& folder) {
    return {"--host=127.0.0.1",
            "--port=0",
            "--threads=2",
            "--app-env=development",
            "--rate-limit=off",
            "--password-cost=4",
            "--log-level=info",
            std::string("--jwt-secret=") + crash_secret,
            "--data-dir=" + folder.string(),
            "--event-log=sqlite:" + (folder / "log.db").string(),
            "--database-url=sqlite:" + (folder / "read.db").string()};
}

std::filesystem::path real_program() { return DACAPO_PROGRAM; }
std::filesystem::path test_program(const std::string& name) {
    return std::filesystem::path(DACAPO_CRASH_PROGRAMS) / name;
}

}  // namespace dacapo::test
