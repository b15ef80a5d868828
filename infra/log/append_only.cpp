#include "infra/log/append_only.hpp"

#include <sqlite3.h>
#include <string_view>

namespace dacapo {
namespace {

int allowed(void*, int action, const char* first, const char*, const char*, const char*) {
    switch (action) {
        case SQLITE_TRANSACTION:
        case SQLITE_SELECT:
        case SQLITE_READ:
            return SQLITE_OK;
        case SQLITE_INSERT:
            return std::string_view(first) == "record" || std::string_view(first) == "chain_head"
                       ? SQLITE_OK
                       : SQLITE_DENY;
        default:
            return SQLITE_DENY;
    }
}

}  // namespace

void allow_only_appends(SqliteConnection& connection) {
    sqlite3_set_authorizer(connection.get(), allowed, nullptr);
}

}  // namespace dacapo
