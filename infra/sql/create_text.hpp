// The words in which tables are described, as each engine has them.
// A table is described once, beside its rows: INTEGER is a 64-bit number, REAL a double, and TEXT sorts by
// its bytes.
#pragma once

#include "infra/sql/dialect.hpp"

#include <string>
#include <string_view>

namespace dacapo::sql {

// `CREATE` statements in SQLite's words, in the words of `dialect`.
std::string create_text(Dialect dialect, std::string_view statements);

}  // namespace dacapo::sql
