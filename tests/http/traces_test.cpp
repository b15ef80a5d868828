// The trace that a client names, in the record of its command.
#include "infra/log/sqlite_log.hpp"
#include "tests/support/engines.hpp"
#include "tests/support/running_server.hpp"

#include <doctest/doctest.h>
#include <algorithm>

namespace dacapo::test {
namespace {

const auto reads_the_file = embedded_log_only("it reads the file of the log");
const std::string ids = "-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

// Of the newest `count` records, in their order.
std::vector<std::string> traces_of_last(const RunningServer& server, std::size_t count) {
    const auto log = open_sqlite_log_reader(server.file("log.db"));
    std::vector<std::string> traces;
    for (const auto& entry : log->read_after(log->start(), 1000)) traces.push_back(entry->record.traceparent);
    REQUIRE(traces.size() >= count);
    return {traces.end() - static_cast<std::ptrdiff_t>(count), traces.end()};
}

TEST_CASE("a record has the trace of its command, and what is none is ignored" * reads_the_file) {
    RunningServer server;
    auto zoe = server.person("zoe");
    auto malik = server.person("malik");
    const auto say = [&](Headers headers) {
        const json::object message{{"content", "Salut !"}, {"receiver_id", malik.id}};
        CHECK(zoe.post("/messages", message, std::move(headers)).status == 200);
    };
    say(header("traceparent", "00" + ids));
    say(header("TraceParent", "cc" + ids + "-more"));
    say(header("traceparent", "ff" + ids));
    say(header("traceparent", "00-x"));
    say({{"traceparent", "00" + ids}, {"traceparent", "00" + ids}});
    say({});
    server.stop();
    const std::vector<std::string> expected{"00" + ids, "00" + ids, "", "", "", ""};
    CHECK(traces_of_last(server, expected.size()) == expected);
}

}  // namespace
}  // namespace dacapo::test
