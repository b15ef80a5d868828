// One connection with its prepared statements: what a query or a projection speaks SQL through.
// Each statement is prepared once for each connection and never leaves a read transaction open behind it.
#pragma once

#include "infra/sql/connection.hpp"
#include "infra/sql/statement.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace dacapo::sql {

// Used by one thread at a time.
class Session {
public:
    static constexpr std::size_t statement_count_max = 512;

    Session(const std::string& url, Use use) : connection_(url, use) {}

    static constexpr Dialect dialect() { return Dialect::sqlite; }

    // Runs a statement without rows; the answer is how many rows it changed. Parameters are `$1`, `$2` ...
    //     session.execute("UPDATE check_ins SET active = 0 WHERE id = $1", id);
    template <class... Parameters>
    std::int64_t execute(std::string_view sql, const Parameters&... parameters) {
        Lease lease(prepared(sql));
        bind_all(lease.statement, parameters...);
        while (lease.statement.step()) continue;
        return rows_changed();
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
    std::int64_t rows_changed() const;

    Connection connection_;
    std::unordered_map<std::string, Statement, TextHash, std::equal_to<>> statements_;
};

// All or nothing: rolled back unless commit() was reached. Write transactions take the lock at once, so that
// two writers wait for each other instead of failing in the middle.
class Transaction {
public:
    explicit Transaction(Session& session, Use use = Use::write) : session_(session) {
        session.execute(use == Use::write ? "BEGIN IMMEDIATE" : "BEGIN");
    }
    ~Transaction() {
        if (!open_ || !session_.in_transaction()) return;  // Some errors have rolled it back already.
        try {
            session_.execute("ROLLBACK");
        } catch (const std::exception&) {  // The connection is beyond help; the next statement will say so.
        }
    }
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;

    void commit() {
        session_.execute("COMMIT");
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
    const Transaction snapshot(*this, Use::read);
    return std::forward<Work>(work)();
}

}  // namespace dacapo::sql
