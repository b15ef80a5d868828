// A server whose brokers or database are away when it starts: it waits, says for what, and begins when they
// are back.
#include "tests/crash/process.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/mock_kafka.hpp"

#include <doctest/doctest.h>
#include <csignal>

namespace dacapo::test {
namespace {

constexpr int shard_count = 16;
constexpr std::chrono::seconds stop_patience{10};

std::vector<std::string> command_flags(const testing::MockKafka& kafka, const std::filesystem::path& folder) {
    auto flags = server_flags(folder);
    std::erase_if(flags, [](const std::string& flag) { return flag.starts_with("--event-log="); });
    flags.insert(flags.begin(), "command");
    flags.push_back("--event-log=" + kafka.url().text());
    flags.push_back("--advertised-url=http://127.0.0.1:1");
    flags.push_back(std::string("--cluster-secret=") + crash_secret);
    return flags;
}

bool says(const Process& process, const std::string& text) {
    const auto deadline = std::chrono::steady_clock::now() + start_patience;
    while (process.output().find(text) == std::string::npos) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return true;
}

}  // namespace

TEST_CASE(
    "a server whose brokers are away is alive, names what it waits for, and begins when they are back") {
    const TemporaryFolder folder;
    testing::MockKafka kafka(shard_count);
    kafka.set_down();
    Process process(real_program(), command_flags(kafka, folder.path()), folder / "output.txt");
    {
        HttpClient client(process.await_port("waiting"));
        CHECK(client.request("GET", "/livez").status == 200);
        const auto ready = client.request("GET", "/readyz");
        CHECK(ready.status == 503);
        CHECK(ready.body.find("\"pointer\":\"/parts/event_log\"") != std::string::npos);
        CHECK(ready.body.find("EVENT_LOG") != std::string::npos);
        CHECK(client.request("POST", "/register", {}, "{}").status == 503);
    }
    CHECK(process.output().find("\"msg\":\"serving\"") == std::string::npos);
    kafka.set_up();
    CHECK_MESSAGE(says(process, "\"msg\":\"serving\""), process.output());
    process.send_signal(SIGTERM);
    CHECK_MESSAGE(process.await_exit(stop_patience) == 0, process.output());
}

TEST_CASE("a server that waits ends when it is told to") {
    const TemporaryFolder folder;
    testing::MockKafka kafka(shard_count);
    kafka.set_down();
    Process process(real_program(), command_flags(kafka, folder.path()), folder / "output.txt");
    process.await_port("waiting");
    process.send_signal(SIGTERM);
    CHECK_MESSAGE(process.await_exit(stop_patience) == 0, process.output());
}

TEST_CASE("a topic that is not there is not waited for") {
    const TemporaryFolder folder;
    testing::MockKafka kafka(shard_count);
    auto flags = command_flags(kafka, folder.path());
    for (auto& flag : flags)
        if (flag.starts_with("--event-log=")) flag += "-of-somebody-else";
    Process process(real_program(), flags, folder / "output.txt");
    CHECK_MESSAGE(process.await_exit(start_patience) == 2, process.output());
    CHECK(process.output().find("migrate") != std::string::npos);
}

TEST_CASE("a database that is away is waited for by name") {
    const TemporaryFolder folder;
    auto flags = server_flags(folder.path());
    flags.insert(flags.begin(), "serve");
    for (auto& flag : flags)
        if (flag.starts_with("--database-url="))
            flag = "--database-url=postgresql://dacapo:secret@127.0.0.1:1/dacapo";
    Process process(real_program(), flags, folder / "output.txt");
    HttpClient client(process.await_port("waiting"));
    CHECK(client.request("GET", "/readyz").body.find("DATABASE_URL") != std::string::npos);
    CHECK(process.output().find("secret@") == std::string::npos);
}

}  // namespace dacapo::test
