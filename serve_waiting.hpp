// Before a server is made: waits for the brokers and the database that it cannot begin without, for as long
// as it takes, and says so in log lines and in /readyz. What cannot heal (no topic, another log) is not
// waited for.
#pragma once

#include "infra/config.hpp"
#include "infra/log_lines.hpp"
#include "serve.hpp"

#include <chrono>
#include <functional>

namespace dacapo {

// Waits this long, or shorter when the program was told to end: then true.
using EndsWithin = std::function<bool(std::chrono::milliseconds)>;

// False: told to end. Throws LogRefused for what only an operator can change, and http::PortTaken.
bool wait_for_parts(const Config& config, Roles roles, LogLines& lines, const EndsWithin& ends_within);

}  // namespace dacapo
