#include "infra/sql/postgres_error.hpp"

#include <libpq-fe.h>
#include <algorithm>
#include <array>

namespace dacapo::sql {

namespace {

struct Sorted {
    std::string_view sqlstate;  // all of it, or its class
    ErrorKind kind;
};

// The first that the state begins with counts.
constexpr std::array<Sorted, 23> sorted{{
    {"08", ErrorKind::unreachable},    {"57P01", ErrorKind::unreachable},  // the server is told to stop
    {"57P02", ErrorKind::unreachable},                                     // it has crashed
    {"57P03", ErrorKind::unreachable},                                     // it is starting
    {"57P05", ErrorKind::unreachable},                                     // the session was idle too long
    {"25P03", ErrorKind::unreachable},                                     // its transaction was
    {"53300", ErrorKind::unreachable},                                     // too many connections
    {"28", ErrorKind::unreachable},    {"3D", ErrorKind::unreachable},
    {"25006", ErrorKind::storage},  // the server has become a standby
    {"40", ErrorKind::busy},        // serialization, deadlock
    {"55", ErrorKind::busy},        // a lock that could not be had in time
    {"57014", ErrorKind::busy},     // cancelled, by a timeout most of all
    {"0A000", ErrorKind::busy},     // tables have changed under a prepared statement: it is prepared anew
    {"26000", ErrorKind::busy},     // the prepared statement is not there: likewise
    {"53100", ErrorKind::full},        {"53", ErrorKind::busy},
    {"42501", ErrorKind::storage},  // privileges are missing: nothing that one event is to blame for
    {"58", ErrorKind::storage},        {"XX", ErrorKind::storage},
    {"F0", ErrorKind::storage},        {"54", ErrorKind::statement},
    {"", ErrorKind::statement},
}};

// Only these classes speak of names in the database alone; the others may quote what was bound.
bool speaks_of_names_only(std::string_view sqlstate) {
    constexpr std::array<std::string_view, 13> classes{"08", "0A", "25", "26", "28", "3D", "40",
                                                       "42", "53", "54", "55", "57", "58"};
    return std::find(classes.begin(), classes.end(), sqlstate.substr(0, 2)) != classes.end();
}

std::string_view field(const pg_result* result, int code) {
    const char* const text = PQresultErrorField(result, code);
    return text == nullptr ? std::string_view() : std::string_view(text);
}

std::string first_line_of(std::string_view text) { return std::string(text.substr(0, text.find('\n'))); }

}  // namespace

ErrorKind kind_of_sqlstate(std::string_view sqlstate) {
    if (sqlstate.size() != 5) return ErrorKind::storage;
    return std::find_if(sorted.begin(), sorted.end(),
                        [&](const Sorted& one) { return sqlstate.starts_with(one.sqlstate); })
        ->kind;
}

void throw_postgres_error(pg_conn* connection, const pg_result* result) {
    const bool lost = connection == nullptr || PQstatus(connection) != CONNECTION_OK;
    const auto sqlstate = field(result, PG_DIAG_SQLSTATE);
    if (sqlstate.empty()) {
        const std::string what = connection == nullptr ? "" : first_line_of(PQerrorMessage(connection));
        throw Error(lost ? ErrorKind::unreachable : ErrorKind::storage, "connection: " + what);
    }
    auto text = "sqlstate " + std::string(sqlstate);
    if (speaks_of_names_only(sqlstate)) {
        text += ": " + first_line_of(field(result, PG_DIAG_MESSAGE_PRIMARY));
    } else if (const auto constraint = field(result, PG_DIAG_CONSTRAINT_NAME); !constraint.empty()) {
        text += ": constraint " + std::string(constraint);
    }
    throw Error(lost ? ErrorKind::unreachable : kind_of_sqlstate(sqlstate), text);
}

}  // namespace dacapo::sql
