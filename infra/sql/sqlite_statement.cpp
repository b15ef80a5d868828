#include "infra/sql/sqlite_statement.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

namespace dacapo::sql {

namespace {

ErrorKind kind_of(int code) {
    switch (code & 0xFF) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_INTERRUPT:
            return ErrorKind::busy;
        case SQLITE_FULL:
            return ErrorKind::full;
        case SQLITE_IOERR:
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
        case SQLITE_CANTOPEN:
        case SQLITE_READONLY:
        case SQLITE_NOMEM:
        case SQLITE_PERM:
            return ErrorKind::storage;
        default:
            return ErrorKind::statement;
    }
}

}  // namespace

void throw_sqlite_error(sqlite3* connection) {
    throw Error(kind_of(sqlite3_extended_errcode(connection)), sqlite3_errmsg(connection));
}

namespace {

// `$3` and `?3` want parameter 3; a bare `?` the one of its own place.
int number_of(const char* name, int place) {
    if (name == nullptr) return place;
    int number = 0;
    const auto* const end = name + std::strlen(name);
    const auto [rest, error] = std::from_chars(name + 1, end, number);
    if (error != std::errc{} || rest != end || number < 1)
        throw std::logic_error(std::string("a parameter must be a number: ") + name);
    return number;
}

}  // namespace

SqliteStatement::SqliteStatement(sqlite3* connection, std::string_view sql) : connection_(connection) {
    const auto size = static_cast<int>(sql.size());
    const char* rest = nullptr;
    if (sqlite3_prepare_v3(connection, sql.data(), size, SQLITE_PREPARE_PERSISTENT, &statement_, &rest) !=
        SQLITE_OK)
        throw_sqlite_error(connection);
    if (statement_ == nullptr) throw Error(ErrorKind::statement, "an empty statement");
    if (sql.find_first_not_of(" \n;", static_cast<std::size_t>(rest - sql.data())) !=
        std::string_view::npos) {
        sqlite3_finalize(statement_);
        throw Error(ErrorKind::statement, "two statements where one is expected");
    }
    const int slots = sqlite3_bind_parameter_count(statement_);
    bool same = true;
    for (int place = 1; place <= slots; ++place) {
        int number = place;
        try {
            number = number_of(sqlite3_bind_parameter_name(statement_, place), place);
        } catch (...) {
            sqlite3_finalize(statement_);
            throw;
        }
        numbers_.push_back(number);
        parameter_count_ = std::max(parameter_count_, number);
        same = same && number == place;
    }
    if (same) numbers_.clear();
}

SqliteStatement::~SqliteStatement() { sqlite3_finalize(statement_); }

SqliteStatement::SqliteStatement(SqliteStatement&& other) noexcept
    : connection_(other.connection_),
      statement_(std::exchange(other.statement_, nullptr)),
      numbers_(std::move(other.numbers_)),
      parameter_count_(other.parameter_count_) {}

// The engine numbers its slots by first appearance: `$2` may well be its first. 0 when the text has no such
// parameter.
int SqliteStatement::slot(int parameter) const {
    if (numbers_.empty()) return parameter;
    const auto found = std::find(numbers_.begin(), numbers_.end(), parameter);
    return found == numbers_.end() ? 0 : static_cast<int>(found - numbers_.begin()) + 1;
}

void SqliteStatement::bind(int parameter, std::nullopt_t) {
    if (const int place = slot(parameter); place != 0 && sqlite3_bind_null(statement_, place) != SQLITE_OK)
        throw_sqlite_error(connection_);
}
void SqliteStatement::bind(int parameter, std::int64_t value) {
    if (const int place = slot(parameter);
        place != 0 && sqlite3_bind_int64(statement_, place, value) != SQLITE_OK)
        throw_sqlite_error(connection_);
}
void SqliteStatement::bind(int parameter, double value) {
    if (const int place = slot(parameter);
        place != 0 && sqlite3_bind_double(statement_, place, value) != SQLITE_OK)
        throw_sqlite_error(connection_);
}
void SqliteStatement::bind(int parameter, std::string_view text) {
    // A null pointer would bind NULL: an empty text is a text.
    const char* const bytes = text.data() == nullptr ? "" : text.data();
    const int place = slot(parameter);
    if (place != 0 &&
        sqlite3_bind_text64(statement_, place, bytes, text.size(), SQLITE_STATIC, SQLITE_UTF8) != SQLITE_OK)
        throw_sqlite_error(connection_);
}

void SqliteStatement::expect_parameters(std::size_t count) const {
    if (count != static_cast<std::size_t>(parameter_count_))
        throw std::logic_error(std::string("wrong number of parameters for: ") + sqlite3_sql(statement_));
}

bool SqliteStatement::step() {
    switch (sqlite3_step(statement_)) {
        case SQLITE_ROW:
            return true;
        case SQLITE_DONE:
            return false;
        default:
            throw_sqlite_error(connection_);
    }
}

void SqliteStatement::reset() noexcept {
    sqlite3_reset(statement_);  // Repeats the error of the last step, which has been thrown already.
}

}  // namespace dacapo::sql
