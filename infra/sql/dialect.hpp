// Which SQL engine a session speaks to, and its errors sorted by what can be done about them.
// The one place where engines are named: a statement that differs between them stands once for each beside
// its user.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace dacapo::sql {

enum class Dialect { sqlite, postgresql };

// By the scheme of its URL: `sqlite:`, or `postgresql:` and `postgres:`. Throws Error for any other.
Dialect dialect_of(std::string_view url);

// A statement that differs between the engines.
struct PerDialect {
    std::string_view sqlite;
    std::string_view postgresql;

    std::string_view in(Dialect dialect) const { return dialect == Dialect::sqlite ? sqlite : postgresql; }
};

enum class ErrorKind {
    busy,         // another connection holds the lock; the same statement may succeed later
    full,         // no space left; nothing of the transaction was written
    storage,      // the file cannot be read or written, or is damaged
    unreachable,  // the connection is lost or cannot be made; whether a commit under way took place is
                  // unknown
    statement,    // the statement or its values are at fault: a constraint, a syntax error, a type
};

// Its text names the statement's fault and never a bound value.
struct Error : std::runtime_error {
    Error(ErrorKind kind_of_error, const std::string& what) : std::runtime_error(what), kind(kind_of_error) {}
    ErrorKind kind;
};

// What a connection is for.
enum class Use {
    write,  // the projections' own
    read,   // cannot write
};

}  // namespace dacapo::sql
