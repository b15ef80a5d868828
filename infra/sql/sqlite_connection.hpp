// One connection to a read database in a SQLite file, made by SOCI from its URL and tuned for its user.
// SOCI opens and closes; rows are stepped on the driver's own handle, which costs a fifth less for a list
// of 20.
#pragma once

#include "infra/sql/dialect.hpp"

#include <memory>
#include <string>

struct sqlite3;

namespace dacapo::sql {

class SqliteConnection {
public:
    // `url` is `sqlite:` and a path; the file is created when it is missing. A connection that writes has a
    // large cache and alone checkpoints the write-ahead log. Throws Error.
    SqliteConnection(const std::string& url, Use use);
    ~SqliteConnection();
    SqliteConnection(const SqliteConnection&) = delete;
    SqliteConnection& operator=(const SqliteConnection&) = delete;

    sqlite3* handle() const { return handle_; }

private:
    struct Soci;
    std::unique_ptr<Soci> soci_;
    sqlite3* handle_ = nullptr;
};

}  // namespace dacapo::sql
