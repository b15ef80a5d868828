// SQLite's C interface as values that close themselves and errors that are thrown with their extended code.
// Here because the log must tell a full disk from a failed sync, which SOCI's errors do not.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace dacapo {

struct SqliteError : std::runtime_error {
    SqliteError(const std::string& what, int extended, int system)
        : std::runtime_error(what), extended_code(extended), system_error(system) {}
    int primary_code() const { return extended_code & 0xFF; }

    int extended_code;  // SQLITE_IOERR_FSYNC and the like
    int system_error;   // errno of the call that failed, or 0
};

enum class SqliteAccess { read_only, read_write, create };

// Used by one thread at a time.
class SqliteConnection {
public:
    // An empty `vfs` is the default one.
    SqliteConnection(const std::filesystem::path& file, SqliteAccess access, const std::string& vfs);

    // One or more statements whose rows, if any, are not wanted.
    void execute(const char* statements);
    std::int64_t query_number(const char* statement);
    // The newest error of this connection.
    SqliteError error() const;
    bool in_transaction() const;
    sqlite3* get() const { return handle_.get(); }

private:
    struct Close {
        void operator()(sqlite3* handle) const;
    };
    std::unique_ptr<sqlite3, Close> handle_;
};

// A prepared statement. Text and blobs are bound without a copy: they must live until reset().
class SqliteStatement {
public:
    SqliteStatement(SqliteConnection& connection, const char* statement);

    void bind(int index, std::int64_t value);
    void bind_text(int index, std::string_view value);
    void bind_blob(int index, std::span<const std::uint8_t> value);
    // True when there is a row, false at the end.
    bool step();
    // Ends the read transaction of a statement that was not stepped to its end. Does not throw.
    void reset();
    // For a statement without rows.
    void run();

    std::int64_t number(int column) const;
    // Valid until the next step() or reset().
    std::string_view bytes(int column) const;

private:
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const;
    };
    void check(int code) const;

    SqliteConnection* connection_;
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

}  // namespace dacapo
