// Tables that are no read model and so cannot be dropped and built anew: their changes, numbered and forward
// only. Each is applied once, in its order, by whichever process comes first.
#pragma once

#include "infra/sql/session.hpp"

#include <span>
#include <string_view>
#include <vector>

namespace dacapo::sql {

struct Migration {
    int version = 0;  // 1, 2, 3 ...
    std::string_view name;
    const char* statements = nullptr;  // in the words of create_text.hpp
};

// The database is not as this build needs it: changed by a newer one, or not yet migrated. The start is
// refused (exit code 2) with this text.
struct NotMigrated : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Those that the database lacks; changes nothing. Throws NotMigrated, Error.
std::vector<Migration> missing(Session& session, std::span<const Migration> migrations);

// Applies what is missing, all or nothing, and answers with it. Throws NotMigrated, Error.
std::vector<Migration> migrate(Session& writer, std::span<const Migration> migrations);

}  // namespace dacapo::sql
