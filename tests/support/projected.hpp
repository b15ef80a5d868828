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

#include <filesystem>
#include <functional>
#include <string>

namespace dacapo::testing {

sql::ReadDatabaseOptions database_at(const std::filesystem::path& file);

// Every row of a table, one a line, columns separated by `|`, nothing for NULL.
std::string rows_of(sql::Session& session, const std::string& table, const std::string& order = "1, 2");

std::string all_rows(sql::Session& session);

// One process's view: its database connection, projections and runner.
class Projector {
public:
    using MakeProjections = std::function<Projections(sql::Session& writer)>;

    Projector(EventLog& log, const std::filesystem::path& file, RunnerOptions options = {});
    Projector(EventLog& log, const std::filesystem::path& file, RunnerOptions options,
              const MakeProjections& make);

    // Until there is nothing left to do.
    void catch_up();
    std::string rows(const std::string& table, const std::string& order = "1, 2");
    std::string all();

    ManualClock clock;
    Progress progress;
    sql::ReadDatabase database;
    Runner runner;
};

}  // namespace dacapo::testing
