#include "infra/sql/sqlite_connection.hpp"

// Declares SQLite's C functions, in a namespace of SOCI's own: <sqlite3.h> itself may not be included here.
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <string_view>

namespace dacapo::sql {

namespace {

using namespace sqlite_api;

constexpr std::string_view sqlite_scheme = "sqlite:";
constexpr int busy_timeout_ms = 2000;

// NORMAL: a power loss may cost the newest transactions but never consistency, and they are replayed from the
// log. 16,384 pages of 4 KiB: the write-ahead log is checkpointed every 64 MB, by this connection alone.
constexpr const char* write_pragmas = R"(
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    PRAGMA cache_size = -262144;
    PRAGMA wal_autocheckpoint = 16384;
    PRAGMA journal_size_limit = 134217728;
    PRAGMA temp_store = MEMORY;
    PRAGMA foreign_keys = OFF;
)";

constexpr const char* read_pragmas = R"(
    PRAGMA cache_size = -65536;
    PRAGMA wal_autocheckpoint = 0;
    PRAGMA temp_store = MEMORY;
    PRAGMA query_only = ON;
)";

std::string path_of(const std::string& url) {
    if (!url.starts_with(sqlite_scheme)) throw Error(ErrorKind::statement, "not a sqlite: URL");
    auto path = url.substr(sqlite_scheme.size());
    // The quote would end the name inside SOCI's connection string.
    if (path.empty() || path.find_first_of("\"\\") != std::string::npos)
        throw Error(ErrorKind::statement,
                    "the path of a sqlite: URL is empty or holds a quote or a backslash");
    return path;
}

}  // namespace

struct SqliteConnection::Soci {
    explicit Soci(const std::string& path) : session(soci::sqlite3, "db=\"" + path + "\"") {}
    soci::session session;
};

SqliteConnection::SqliteConnection(const std::string& url, Use use) {
    const auto path = path_of(url);
    try {
        soci_ = std::make_unique<Soci>(path);
    } catch (const soci::soci_error&) {  // Its text may hold values: it is never shown.
        throw Error(ErrorKind::storage, "cannot open the database " + path);
    }
    auto* const opened = static_cast<soci::sqlite3_session_backend*>(soci_->session.get_backend())->conn_;
    sqlite3_busy_timeout(opened, busy_timeout_ms);
    sqlite3_extended_result_codes(opened, 1);
    // A reader that is closed last would checkpoint, and SQLite before 3.51.3 may damage a log that two
    // connections reset.
    if (use == Use::read) sqlite3_db_config(opened, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    const char* const pragmas = use == Use::write ? write_pragmas : read_pragmas;
    if (sqlite3_exec(opened, pragmas, nullptr, nullptr, nullptr) != SQLITE_OK) {
        const std::string reason = sqlite3_errmsg(opened);
        throw Error(ErrorKind::storage, "cannot use the database " + path + ": " + reason);
    }
    handle_ = reinterpret_cast<::sqlite3*>(opened);  // The same C type under SOCI's name for it.
}

SqliteConnection::~SqliteConnection() = default;

}  // namespace dacapo::sql
