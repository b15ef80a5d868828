// One connection with its prepared statements: what a query or a projection speaks SQL through.
// Each statement is prepared once for each connection and never leaves a read transaction open behind it.
#pragma once

#include "infra/sql/statement.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace dacapo::sql {

class SqliteConnection;

// What a transaction may do, and beside whom.
enum class Access {
    read,   // sees one state of the database, however long it takes
    write,  // beside writers of other rows, where the engine allows it
    alone,  // beside no other writer
};

// Used by one thread at a time.
class Session {
public:
    static constexpr std::size_t statement_count_max = 512;

    // A session that writes connects at once, and so does every one of SQLite; others when they are first
    // used. Throws Error.
    Session(const std::string& url, Use use);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    Dialect dialect() const { return dialect_; }

    // Runs a statement without rows; the answer is how many rows it changed. Parameters are `$1`, `$2` ...
    //     session.execute("UPDATE check_ins SET active = 0 WHERE id = $1", id);
    template <class... Parameters>
    std::int64_t execute(std::string_view sql, const Parameters&... parameters) {
        Lease lease(prepared(sql));
        bind_all(lease.statement, parameters...);
        while (lease.statement.step()) continue;
        return lease.statement.rows_changed();
    }

    // Calls the last argument with each row; the answer is how many there were.
    //     session.query("SELECT id, username FROM users WHERE id > $1", after,
    //                   [&](const sql::Row& row) { ids.push_back(row.get<UserId>(0)); });
    template <class... ParametersThenEach>
    std::size_t query(std::string_view sql, ParametersThenEach&&... parameters_then_each) {
        auto arguments = std::forward_as_tuple(parameters_then_each...);
        constexpr std::size_t parameter_count = sizeof...(ParametersThenEach) - 1;
        Lease lease(prepared(sql));
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            bind_all(lease.statement, std::get<I>(arguments)...);
        }
        (std::make_index_sequence<parameter_count>{});
        std::size_t row_count = 0;
        const Row row(lease.statement);
        for (; lease.statement.step(); ++row_count) std::get<parameter_count>(arguments)(row);
        return row_count;
    }

    // The first column of the first row, if there is one.
    template <class T, class... Parameters>
    std::optional<T> value(std::string_view sql, const Parameters&... parameters) {
        static_assert(!std::is_same_v<T, std::string_view>, "the text would not outlive the statement");
        Lease lease(prepared(sql));
        bind_all(lease.statement, parameters...);
        if (!lease.statement.step()) return std::nullopt;
        return Row(lease.statement).template get<T>(0);
    }

    // Several statements separated by semicolons, without parameters: for tables and indexes.
    void script(const std::string& statements);

    // What `work` reads is one state of the database, however many statements it takes.
    template <class Work>
    decltype(auto) consistently(Work&& work);

    // For Transaction, which ends what it has begun.
    void begin(Access access);
    void commit();
    void rollback() noexcept;
    bool in_transaction() const;

    // The prepared statement of this text, kept for the next use; for loops that bind rows themselves.
    Statement& prepared(std::string_view sql);

    // Gives the statement back on every way out.
    struct Lease {
        explicit Lease(Statement& leased) : statement(leased) {
            if (leased.in_use()) throw std::logic_error("a statement is used inside its own rows");
        }
        ~Lease() { statement.reset(); }
        Lease(const Lease&) = delete;
        Lease& operator=(const Lease&) = delete;
        Statement& statement;
    };

private:
    struct TextHash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept {
            return std::hash<std::string_view>{}(text);
        }
    };

    template <class... Parameters>
    static void bind_all(Statement& statement, const Parameters&... parameters) {
        statement.expect_parameters(sizeof...(parameters));
        int number = 0;
        (statement.bind(++number, parameters), ...);
    }
    // A connection that was lost is made anew, but not within a transaction: what came before would be
    // missing.
    void require_connection();

    Dialect dialect_;
    // The one of its dialect.
    std::unique_ptr<SqliteConnection> sqlite_;
    std::unique_ptr<PostgresConnection> postgres_;
    bool transaction_open_ = false;
    std::unordered_map<std::string, Statement, TextHash, std::equal_to<>> statements_;
};

// All or nothing: rolled back unless commit() was reached. Write transactions take their lock at once, so
// that two writers wait for each other instead of failing in the middle.
class Transaction {
public:
    explicit Transaction(Session& session, Access access = Access::write) : session_(session) {
        session.begin(access);
    }
    ~Transaction() {
        if (open_) session_.rollback();
    }
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;

    void commit() {
        session_.commit();
        open_ = false;
    }

private:
    Session& session_;
    bool open_ = true;
};

// A part of a transaction that can be undone alone.
class Savepoint {
public:
    explicit Savepoint(Session& session) : session_(session) { session.execute("SAVEPOINT part"); }
    ~Savepoint() {
        if (!open_ || !session_.in_transaction()) return;
        try {
            session_.execute("ROLLBACK TO part");
            session_.execute("RELEASE part");
        } catch (const std::exception&) {
        }
    }
    Savepoint(const Savepoint&) = delete;
    Savepoint& operator=(const Savepoint&) = delete;

    void keep() {
        session_.execute("RELEASE part");
        open_ = false;
    }

private:
    Session& session_;
    bool open_ = true;
};

template <class Work>
decltype(auto) Session::consistently(Work&& work) {
    const Transaction snapshot(*this, Access::read);
    return std::forward<Work>(work)();
}

}  // namespace dacapo::sql
