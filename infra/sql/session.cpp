#include "infra/sql/session.hpp"

#include <sqlite3.h>

namespace dacapo::sql {

Statement& Session::prepared(std::string_view sql) {
    if (const auto found = statements_.find(sql); found != statements_.end()) return found->second;
    // Only texts made at run time can be so many; whoever makes them pays for preparing anew.
    if (statements_.size() >= statement_count_max)
        std::erase_if(statements_, [](const auto& entry) { return !entry.second.in_use(); });
    return statements_.emplace(std::string(sql), Statement(connection_.handle(), sql)).first->second;
}

void Session::script(const std::string& statements) {
    if (sqlite3_exec(connection_.handle(), statements.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
        throw_error(connection_.handle());
}

bool Session::in_transaction() const { return sqlite3_get_autocommit(connection_.handle()) == 0; }

std::int64_t Session::rows_changed() const { return sqlite3_changes(connection_.handle()); }

}  // namespace dacapo::sql
