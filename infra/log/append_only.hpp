// What the one connection that writes the event log may do: add records, and nothing that changes one.
// Here so that no statement, ours or somebody's by mistake, can ever rewrite history through it.
#pragma once

#include "infra/log/sqlite_handle.hpp"

namespace dacapo {

// From now on this connection prepares only what an append needs: transactions, rows added to `record`, and
// the newest row of a shard in `chain_head` put in the place of the one before. Everything else is refused
// (SQLITE_AUTH). SQLite asks when a statement is prepared, so an append costs what it did.
void allow_only_appends(SqliteConnection& connection);

}  // namespace dacapo
