#include "infra/log/sqlite_handle.hpp"

#include <sqlite3.h>

namespace dacapo {
namespace {

constexpr int busy_wait_ms = 2000;

}  // namespace

void SqliteConnection::Close::operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
void SqliteStatement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

SqliteConnection::SqliteConnection(const std::filesystem::path& file, SqliteAccess access,
                                   const std::string& vfs) {
    int flags = SQLITE_OPEN_NOMUTEX;
    flags |= access == SqliteAccess::read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    if (access == SqliteAccess::create) flags |= SQLITE_OPEN_CREATE;
    sqlite3* handle = nullptr;
    const int code = sqlite3_open_v2(file.c_str(), &handle, flags, vfs.empty() ? nullptr : vfs.c_str());
    handle_.reset(handle);
    if (!handle) throw std::bad_alloc();
    sqlite3_extended_result_codes(handle, 1);
    if (code != SQLITE_OK) throw error();
    sqlite3_busy_timeout(handle, busy_wait_ms);
    if (access == SqliteAccess::read_only)
        sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

void SqliteConnection::execute(const char* statements) {
    if (sqlite3_exec(handle_.get(), statements, nullptr, nullptr, nullptr) != SQLITE_OK) throw error();
}

std::int64_t SqliteConnection::query_number(const char* statement) {
    SqliteStatement query(*this, statement);
    return query.step() ? query.number(0) : 0;
}

SqliteError SqliteConnection::error() const {
    const int code = sqlite3_extended_errcode(handle_.get());
    const std::string text =
        std::string(sqlite3_errmsg(handle_.get())) + " (SQLite " + std::to_string(code) + ")";
    return SqliteError(text, code, sqlite3_system_errno(handle_.get()));
}

bool SqliteConnection::in_transaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }

SqliteStatement::SqliteStatement(SqliteConnection& connection, const char* statement)
    : connection_(&connection) {
    sqlite3_stmt* prepared = nullptr;
    check(sqlite3_prepare_v3(connection.get(), statement, -1, SQLITE_PREPARE_PERSISTENT, &prepared, nullptr));
    statement_.reset(prepared);
}

void SqliteStatement::check(int code) const {
    if (code != SQLITE_OK) throw connection_->error();
}

void SqliteStatement::bind(int index, std::int64_t value) {
    check(sqlite3_bind_int64(statement_.get(), index, value));
}

void SqliteStatement::bind_text(int index, std::string_view value) {
    check(sqlite3_bind_text64(statement_.get(), index, value.data(), value.size(), nullptr, SQLITE_UTF8));
}

void SqliteStatement::bind_blob(int index, std::span<const std::uint8_t> value) {
    check(sqlite3_bind_blob64(statement_.get(), index, value.data(), value.size(), nullptr));
}

bool SqliteStatement::step() {
    const int code = sqlite3_step(statement_.get());
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    const auto failure = connection_->error();
    reset();
    throw failure;
}

void SqliteStatement::reset() { sqlite3_reset(statement_.get()); }

void SqliteStatement::run() {
    step();
    reset();
}

std::int64_t SqliteStatement::number(int column) const {
    return sqlite3_column_int64(statement_.get(), column);
}

std::string_view SqliteStatement::bytes(int column) const {
    const void* data = sqlite3_column_blob(statement_.get(), column);
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
    return data ? std::string_view(static_cast<const char*>(data), size) : std::string_view();
}

}  // namespace dacapo
