#include "infra/sql/session.hpp"

#include "infra/sql/sqlite_connection.hpp"

#include <sqlite3.h>

namespace dacapo::sql {

namespace {

// Writers share one lock or have it alone; PostgreSQL frees it with the transaction. One of each schema,
// which is where the tables are.
constexpr const char* begin_beside_others =
    "BEGIN; SELECT pg_advisory_xact_lock_shared(684157, hashtext(current_schema()))";
constexpr const char* begin_alone = "BEGIN; SELECT pg_advisory_xact_lock(684157, hashtext(current_schema()))";
constexpr PerDialect begin_reading{.sqlite = "BEGIN",
                                   .postgresql = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"};

}  // namespace

Session::Session(const std::string& url, Use use) : dialect_(dialect_of(url)) {
    if (dialect_ == Dialect::sqlite) {
        sqlite_ = std::make_unique<SqliteConnection>(url, use);
    } else {
        postgres_ = std::make_unique<PostgresConnection>(url, use);
        if (use == Use::write) postgres_->ensure();
    }
}

Session::~Session() {
    // First, so that no statement tells the server that it goes.
    if (postgres_) postgres_->close();
}

void Session::require_connection() {
    if (!postgres_) return;
    if (!transaction_open_)
        postgres_->ensure();
    else if (!postgres_->is_open())
        throw Error(ErrorKind::unreachable, "the connection was lost within a transaction");
}

Statement& Session::prepared(std::string_view sql) {
    require_connection();
    if (const auto found = statements_.find(sql); found != statements_.end()) return found->second;
    // Only texts made at run time can be so many; whoever makes them pays for preparing anew.
    if (statements_.size() >= statement_count_max)
        std::erase_if(statements_, [](const auto& entry) { return !entry.second.in_use(); });
    auto made = sqlite_ ? Statement(SqliteStatement(sqlite_->handle(), sql))
                        : Statement(PostgresStatement(*postgres_, sql));
    return statements_.emplace(std::string(sql), std::move(made)).first->second;
}

void Session::script(const std::string& statements) {
    require_connection();
    if (postgres_) {
        postgres_->execute(statements);
    } else if (sqlite3_exec(sqlite_->handle(), statements.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
        throw_sqlite_error(sqlite_->handle());
    }
}

void Session::begin(Access access) {
    if (transaction_open_) throw std::logic_error("a transaction within a transaction");
    if (access == Access::read) {
        execute(begin_reading.in(dialect_));
    } else if (sqlite_) {
        execute("BEGIN IMMEDIATE");
    } else {
        try {
            script(access == Access::alone ? begin_alone : begin_beside_others);
        } catch (const Error&) {
            rollback();
            throw;
        }
    }
    transaction_open_ = true;
}

void Session::commit() {
    // PostgreSQL would take the COMMIT for a ROLLBACK and call it a success.
    if (postgres_ && postgres_->is_open() && postgres_->transaction_failed())
        throw std::logic_error("a transaction in which a statement failed cannot be committed");
    execute("COMMIT");
    transaction_open_ = false;
}

void Session::rollback() noexcept {
    try {
        if (in_transaction()) execute("ROLLBACK");  // Some errors have done it already.
    } catch (const std::exception&) {  // The connection is beyond help; the next statement will say so.
    }
    transaction_open_ = false;
}

bool Session::in_transaction() const {
    return sqlite_ ? sqlite3_get_autocommit(sqlite_->handle()) == 0 : postgres_->in_transaction();
}

}  // namespace dacapo::sql
