// Which SQL engine a session speaks to, and its errors sorted by what can be done about them.
// The one place where engines are named: a statement that differs between them stands once for each beside
// its user.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace dacapo::sql {

enum class Dialect { sqlite };

enum class ErrorKind {
    busy,       // another connection holds the lock; the same statement may succeed later
    full,       // no space left; nothing of the transaction was written
    storage,    // the file cannot be read or written, or is damaged
    statement,  // the statement or its values are at fault: a constraint, a syntax error, a type
};

// Its text names the statement's fault and never a bound value.
struct Error : std::runtime_error {
    Error(ErrorKind kind_of_error, const std::string& what) : std::runtime_error(what), kind(kind_of_error) {}
    ErrorKind kind;
};

}  // namespace dacapo::sql
