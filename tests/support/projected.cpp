#include "tests/support/projected.hpp"

#include "tests/support/postgres.hpp"

namespace dacapo::testing {

sql::ReadDatabaseOptions database_at(const std::filesystem::path& file) {
    return {.url = database_url_for(file), .reader_count = 1};
}

std::string rows_of(sql::Session& session, const std::string& table, const std::string& order) {
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

std::string all_rows(sql::Session& session) {
    std::string text;
    for (const char* table : {"users", "events", "participants", "messages", "read_markers", "check_ins"})
        text += std::string(table) + ":\n" + rows_of(session, table);
    return text;
}

Projector::Projector(EventLog& log, const std::filesystem::path& file, RunnerOptions options)
    : Projector(log, file, std::move(options), all_projections) {}

Projector::Projector(EventLog& log, const std::filesystem::path& file, RunnerOptions options,
                     const MakeProjections& make)
    : database(database_at(file)),
      runner(log, database, make(database.writer()), progress, clock, std::move(options)) {}

void Projector::catch_up() {
    while (runner.step()) continue;
}

std::string Projector::rows(const std::string& table, const std::string& order) {
    return rows_of(database.writer(), table, order);
}

std::string Projector::all() { return all_rows(database.writer()); }

}  // namespace dacapo::testing
