// The other ways in which a server ends or does not begin: SIGTERM, a failed sync, a folder or a port that is
// taken.
#include "tests/crash/campaign.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <csignal>

namespace dacapo::test {
namespace {

constexpr std::chrono::seconds stop_patience{10};

std::vector<std::string> with_flags(std::vector<std::string> arguments, const std::filesystem::path& folder) {
    for (auto& flag : server_flags(folder)) arguments.push_back(flag);
    return arguments;
}

struct Counts {
    std::int64_t acknowledged = 0;
    std::int64_t answered_unknown = 0;  // answered, but with "perhaps"
    std::int64_t unanswered = 0;
};

Counts counts_of(const Load& load) {
    Counts counts;
    for (const auto& client : load.clients) {
        for (const auto& command : client->ledger()) {
            counts.acknowledged += command.outcome == Outcome::acknowledged ? 1 : 0;
            counts.answered_unknown += command.outcome == Outcome::unknown && command.status != 0 ? 1 : 0;
            counts.unanswered += command.status == 0 ? 1 : 0;
        }
    }
    return counts;
}

// Both with what the log holds now and with what it should.
void check_against_log(const Load& load, LogAudit& audit, const std::filesystem::path& folder) {
    audit.read(folder / "log.db");
    std::int64_t lost = 0;
    for (const auto& client : load.clients) lost += audit.check(client->ledger());
    CHECK(lost == 0);
    CHECK_MESSAGE(audit.faults().empty(), audit.fault_text());
}

TEST_CASE("SIGTERM under load ends with exit code 0 within ten seconds and everything answered is true") {
    const TemporaryFolder folder;
    Load load(16, campaign_seed());
    LogAudit audit;
    for (int round = 0; round < 3; ++round) {
        Process process(real_program(), with_flags({"serve"}, folder.path()), folder / "output.txt");
        const auto port = process.await_port();
        if (round == 0) load.enrol(port);
        load.start(port, std::chrono::microseconds(500));
        REQUIRE(load.await_acknowledged((round + 1) * 1'000));
        process.send_signal(SIGTERM);
        CHECK_MESSAGE(process.await_exit(stop_patience) == 0, process.output());
        load.stop();
        check_against_log(load, audit, folder.path());
        CHECK_MESSAGE(load.town.complaints.empty(), load.town.complaint_text());
    }
    const auto counts = counts_of(load);
    // A command that crossed the closing of its connection has no answer, but then it was not taken in
    // either.
    std::int64_t recorded_unanswered = 0;
    for (const auto& client : load.clients)
        for (const auto& command : client->ledger())
            recorded_unanswered += command.status == 0 && audit.has(command) ? 1 : 0;
    fmt::print("SIGTERM: {} acknowledged, {} unanswered, {} of them recorded\n", counts.acknowledged,
               counts.unanswered, recorded_unanswered);
    CHECK(recorded_unanswered == 0);
    CHECK(counts.answered_unknown == 0);
}

TEST_CASE("a failed sync ends the process with exit code 3 and no command comes twice after it") {
    const TemporaryFolder folder;
    Load load(16, campaign_seed());
    LogAudit audit;
    {
        Process process(test_program("forgetful_program"), with_flags({"synced"}, folder.path()),
                        folder / "output.txt");
        const auto port = process.await_port();
        load.enrol(port);
        process.send_signal(SIGTERM);
        REQUIRE(process.await_exit(stop_patience) == 0);
    }
    // Early, in the middle of a busy moment, and late.
    for (const int nth : {20, 200, 700}) {
        Process process(test_program("forgetful_program"),
                        with_flags({fmt::format("failing:{}", nth)}, folder.path()), folder / "output.txt");
        const auto port = process.await_port();
        load.start(port, std::chrono::microseconds(500));
        CHECK_MESSAGE(process.await_exit(start_patience) == 3, process.output());
        load.stop();
        check_against_log(load, audit, folder.path());

        Process again(real_program(), with_flags({"serve"}, folder.path()), folder / "output.txt");
        load.repeat_unknown(again.await_port());
        check_against_log(load, audit, folder.path());
        again.send_signal(SIGTERM);
        CHECK(again.await_exit(stop_patience) == 0);
    }
    CHECK(counts_of(load).acknowledged > 100);
}

TEST_CASE("the program itself ends with exit code 3 when a sync fails and goes on after a restart") {
    const TemporaryFolder folder;
    Load load(16, campaign_seed());
    LogAudit audit;
    {
        Process process(real_program(), with_flags({"serve"}, folder.path()), folder / "output.txt");
        load.enrol(process.await_port());
    }
    Process process(
        real_program(), with_flags({"serve"}, folder.path()), folder / "output.txt",
        {"LD_PRELOAD=" + test_program("failing_sync_preload.so").string(), "FAILING_SYNC_AT=100"});
    load.start(process.await_port(), std::chrono::microseconds(500));
    CHECK_MESSAGE(process.await_exit(start_patience) == 3, process.output());
    load.stop();
    CHECK(process.output().find("the event log is broken") != std::string::npos);
    check_against_log(load, audit, folder.path());

    Process again(real_program(), with_flags({"serve"}, folder.path()), folder / "output.txt");
    const auto port = again.await_port();
    load.repeat_unknown(port);
    CHECK(load.clients.front()->send_one(port) == 200);
    check_against_log(load, audit, folder.path());
}

TEST_CASE("a registration repeated under its Idempotency-Key after kill -9 gets its own account again") {
    const TemporaryFolder folder;
    const auto register_at = [](std::uint16_t port) {
        return HttpClient(port).request(
            "POST", "/register", {{"Idempotency-Key", "k1"}},
            R"({"username":"zoe","email":"zoe@example.org","password":"correct horse battery"})");
    };
    Process process(real_program(), with_flags({"serve"}, folder.path()), folder / "output.txt");
    CHECK(register_at(process.await_port()).status == 200);
    process.kill();
    Process again(real_program(), with_flags({"serve"}, folder.path()), folder / "output.txt");
    const auto repeated = register_at(again.await_port());
    CHECK_MESSAGE(repeated.status == 200, repeated.body);
    CHECK(repeated.header("Location") == "/users/1");
    CHECK(repeated.header("Idempotency-Replayed") == "true");
}

TEST_CASE("a second server on the same folder is refused and the first goes on") {
    const TemporaryFolder folder;
    Process first(real_program(), with_flags({"serve"}, folder.path()), folder / "first.txt");
    const auto port = first.await_port();
    Process second(real_program(), with_flags({"serve"}, folder.path()), folder / "second.txt");
    CHECK(second.await_exit(start_patience) == 2);
    CHECK_MESSAGE(second.output().find("the log is held by process") != std::string::npos, second.output());
    CHECK(HttpClient(port).request("GET", "/health").status == 200);
}

TEST_CASE("a port that is taken is named and nothing starts") {
    const TemporaryFolder folder, other;
    Process first(real_program(), with_flags({"serve"}, folder.path()), folder / "first.txt");
    const auto port = first.await_port();
    auto arguments = with_flags({"serve"}, other.path());
    for (auto& argument : arguments)
        if (argument == "--port=0") argument = fmt::format("--port={}", port);
    Process second(real_program(), arguments, folder / "second.txt");
    CHECK(second.await_exit(start_patience) == 2);
    CHECK_MESSAGE(second.output().find(fmt::format(":{}", port)) != std::string::npos, second.output());
    CHECK(HttpClient(port).request("GET", "/health").status == 200);
}

}  // namespace
}  // namespace dacapo::test
