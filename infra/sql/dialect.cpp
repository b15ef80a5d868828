#include "infra/sql/dialect.hpp"

namespace dacapo::sql {

Dialect dialect_of(std::string_view url) {
    if (url.starts_with("sqlite:")) return Dialect::sqlite;
    if (url.starts_with("postgresql:") || url.starts_with("postgres:")) return Dialect::postgresql;
    throw Error(ErrorKind::statement, "a database URL begins with sqlite: or postgresql:");
}

}  // namespace dacapo::sql
