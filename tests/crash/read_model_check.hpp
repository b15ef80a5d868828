// Holds what a server shows, and the tables it shows it from, against the log.
// Both ways: through the API as a client would, and row by row against tables projected anew from the first
// record.
#pragma once

#include "tests/crash/load.hpp"
#include "tests/crash/log_audit.hpp"

namespace dacapo::test {

// A few GETs for each client: its newest messages are there, each once. Gives the differences, one a line.
std::string newest_differences(std::uint16_t port, const Load& load, const LogAudit& audit);
// All messages, check-ins, people and events with their seats and lines.
std::string shown_differences(std::uint16_t port, const Load& load, const LogAudit& audit);
// Of every table. No server may be running; it must have passed the log's end before it was stopped.
std::string table_differences(const std::filesystem::path& log_file, const std::filesystem::path& read_file);
// The same of other engines; `anew_url` is an empty database of the same kind, to project into.
std::string table_differences(EventLog& log, const std::string& kept_url, const std::string& anew_url);

// Waits until the tables show the whole log. False after the patience of a test.
bool await_passed(std::uint16_t port);

}  // namespace dacapo::test
