// A log in memory, a read database in a temporary folder and the runner between them, stepped by the test
// itself. Tables are compared as text, so that two ways of building them can be seen to end in the same rows.
#pragma once

#include "projections/all.hpp"
#include "projections/check_ins.hpp"
#include "projections/events.hpp"
#include "projections/messages.hpp"
#include "projections/runner.hpp"
#include "projections/users.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/memory_log.hpp"
#include "tests/support/postgres.hpp"
#include "tests/support/temporary_folder.hpp"

#include <string>

namespace dacapo::testing {

inline sql::ReadDatabaseOptions database_at(const std::filesystem::path& file) {
    return {.url = database_url_for(file), .reader_count = 1};
}

// Every row of a table, one a line, columns separated by `|`, nothing for NULL.
inline std::string rows_of(sql::Session& session, const std::string& table,
                           const std::string& order = "1, 2") {
    std::string text;
    session.query("SELECT * FROM " + table + " ORDER BY " + order, [&](const sql::Row& row) {
        for (int column = 0; column < row.column_count(); ++column) {
            if (column > 0) text += '|';
            text += row.get<std::string_view>(column);
        }
        text += '\n';
    });
    return text;
}

inline std::string all_rows(sql::Session& session) {
    std::string text;
    for (const char* table : {"users", "events", "participants", "messages", "read_markers", "check_ins"})
        text += std::string(table) + ":\n" + rows_of(session, table);
    return text;
}

// One process's view: its database connection, projections and runner.
class Projector {
public:
    Projector(EventLog& log, const std::filesystem::path& file, RunnerOptions options = {})
        : Projector(log, file, std::move(options),
                    [](sql::Session& writer) { return all_projections(writer); }) {}
    template <class MakeProjections>
    Projector(EventLog& log, const std::filesystem::path& file, RunnerOptions options, MakeProjections make)
        : database(database_at(file)),
          runner(log, database, make(database.writer()), progress, clock, std::move(options)) {}

    // Until there is nothing left to do.
    void catch_up() {
        while (runner.step()) continue;
    }
    std::string rows(const std::string& table, const std::string& order = "1, 2") {
        return rows_of(database.writer(), table, order);
    }
    std::string all() { return all_rows(database.writer()); }

    ManualClock clock;
    Progress progress;
    sql::ReadDatabase database;
    Runner runner;
};

}  // namespace dacapo::testing
