// The event as a command's answer shows it: what the shard knew before, and what the command's record
// changed. Made from states and records alone, because commands never read tables.
#pragma once

#include "api/resources.hpp"
#include "domain/gathering.hpp"
#include "domain/roster.hpp"
#include "infra/log/event_log.hpp"

#include <string>

namespace dacapo {

// The event as the shard's states have it, as `viewer` sees it.
api::Event event_of(const Gathering::State& gathering, const Roster::State& roster, UserId viewer);

// The event after this record (null: nothing was recorded), as `viewer` sees it.
api::Event event_after(api::Event before, const LogEntry* entry, UserId viewer);

}  // namespace dacapo
