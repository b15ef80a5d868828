// What every query route is given: the tables, the caches, how far they have come, and what operators
// decided. References only: the parts live in main and outlive every request.
#pragma once

#include "api/cursor.hpp"
#include "infra/clock.hpp"
#include "infra/config.hpp"
#include "infra/log/event_log.hpp"
#include "infra/progress.hpp"
#include "infra/sql/read_database.hpp"
#include "query/cache.hpp"

#include <chrono>
#include <functional>
#include <string>

namespace dacapo {

struct QuerySettings {
    std::string public_url;  // for links; without a slash at the end
    EmailVisibility profile_email = EmailVisibility::everyone;
    std::string default_timezone = "Europe/Paris";  // of a `from` or `to` that names none
    std::string version;
    std::chrono::seconds session_lifetime{};  // since its tokens were last renewed
    std::chrono::seconds session_age_max{};   // since it was opened
    std::string cursor_secret = "";           // signs the cursors of lists
    std::string cursor_secret_other = "";     // those signed with it are read as well; empty: there is none
};

struct QueryContext {
    EventLog& log;
    sql::ReadDatabase& database;
    Progress& progress;
    Caches& caches;
    const Clock& clock;
    QuerySettings settings;
    // How long the oldest record that the tables have not passed has waited, in seconds; 0 when they are up
    // to date.
    std::function<double()> lag_seconds = [] { return 0.0; };
    api::Cursors cursors{settings.cursor_secret, settings.cursor_secret_other};
};

}  // namespace dacapo
