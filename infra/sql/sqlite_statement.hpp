// A statement prepared by SQLite, stepped row by row on the driver's own handle.
// What columns hold is read inline: a list asks for hundreds of them.
#pragma once

#include "infra/sql/dialect.hpp"

#include <sqlite3.h>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace dacapo::sql {

// The connection's last failure as an Error.
[[noreturn]] void throw_sqlite_error(sqlite3* connection);

// Parameters are `$1`, `$2` ... (or `?`, `?1`); each may be used more than once. Text that is bound must live
// until reset().
class SqliteStatement {
public:
    SqliteStatement(sqlite3* connection, std::string_view sql);
    ~SqliteStatement();
    SqliteStatement(SqliteStatement&& other) noexcept;
    SqliteStatement& operator=(SqliteStatement&&) = delete;

    void bind(int parameter, std::nullopt_t);
    void bind(int parameter, std::int64_t value);
    void bind(int parameter, double value);
    void bind(int parameter, std::string_view text);

    void expect_parameters(std::size_t count) const;
    bool step();
    void reset() noexcept;
    std::int64_t rows_changed() const { return sqlite3_changes(connection_); }

    bool is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
    std::int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
    double real(int column) const { return sqlite3_column_double(statement_, column); }
    std::string_view text(int column) const {
        const auto* const bytes = sqlite3_column_text(statement_, column);
        if (bytes == nullptr) return {};
        return {reinterpret_cast<const char*>(bytes),
                static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
    }
    int column_count() const { return sqlite3_column_count(statement_); }

private:
    int slot(int parameter) const;

    sqlite3* connection_;
    sqlite3_stmt* statement_ = nullptr;
    // Which parameter each of the engine's slots wants; empty when they are the same.
    std::vector<int> numbers_;
    int parameter_count_ = 0;
};

}  // namespace dacapo::sql
