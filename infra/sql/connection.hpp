// One connection to a read database, made by SOCI from its URL and tuned for its user.
// SOCI opens and closes; rows are stepped on the driver's own handle, which costs a fifth less for a list
// of 20.
#pragma once

#include "infra/sql/dialect.hpp"

#include <memory>
#include <string>

struct sqlite3;

namespace dacapo::sql {

enum class Use {
    write,  // the projections' connection: large cache, alone checkpoints the write-ahead log
    read,   // cannot write, never checkpoints
};

class Connection {
public:
    // `url` is `sqlite:` and a path; the file is created when it is missing. Throws Error.
    Connection(const std::string& url, Use use);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    sqlite3* handle() const { return handle_; }

private:
    struct Soci;
    std::unique_ptr<Soci> soci_;
    sqlite3* handle_ = nullptr;
};

}  // namespace dacapo::sql
