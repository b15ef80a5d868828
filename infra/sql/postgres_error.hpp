// PostgreSQL's errors sorted by what can be done about them, in a text that never holds a bound value.
// Sources: the SQLSTATE classes of PostgreSQL's appendix A.
#pragma once

#include "infra/sql/dialect.hpp"

#include <string_view>

struct pg_conn;
struct pg_result;

namespace dacapo::sql {

// `sqlstate` has five characters; anything else is taken as a fault of the server.
ErrorKind kind_of_sqlstate(std::string_view sqlstate);

// The failure of this result, or of the connection when there is no result.
[[noreturn]] void throw_postgres_error(pg_conn* connection, const pg_result* result);

}  // namespace dacapo::sql
