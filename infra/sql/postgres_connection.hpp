// One connection to PostgreSQL through libpq, made from a URL, tuned for its user, and made anew when it was
// lost. libpq itself and not SOCI over it: what is needed is the handle, for binary arrays, the state of the
// connection and errors without their values.
#pragma once

#include "infra/sql/dialect.hpp"

#include <chrono>
#include <memory>
#include <string>

struct pg_conn;
struct pg_result;

namespace dacapo::sql {

struct ClearResult {
    void operator()(pg_result* result) const noexcept;
};
using PostgresResult = std::unique_ptr<pg_result, ClearResult>;

// Between two attempts to connect; doubled from the first to the last.
inline constexpr std::chrono::milliseconds reconnect_wait_min{100};
inline constexpr std::chrono::milliseconds reconnect_wait_max{2000};
// A query of a reader is cancelled after this.
inline constexpr std::chrono::seconds query_time_max{5};

class PostgresConnection {
public:
    // Does not connect yet. Throws Error when libpq does not understand the URL.
    PostgresConnection(std::string url, Use use);
    ~PostgresConnection() { close(); }
    PostgresConnection(const PostgresConnection&) = delete;
    PostgresConnection& operator=(const PostgresConnection&) = delete;

    // Connects when there is no connection or the server has ended it meanwhile. Throws Error (unreachable),
    // without an attempt while the wait since the last one lasts.
    void ensure();
    void close() noexcept;

    // As far as is known without asking the server.
    bool is_open() const;
    bool in_transaction() const;
    // Whether a statement has failed in the transaction that is open, so that it can only be rolled back.
    bool transaction_failed() const;
    // How often it has been connected: what was prepared before is gone.
    std::int64_t generation() const { return generation_; }
    pg_conn* handle() const { return handle_; }

    // One or more statements without parameters. Throws Error.
    PostgresResult execute(const std::string& statements);

private:
    void connect();
    bool ended_by_server();

    std::string url_;
    Use use_;
    pg_conn* handle_ = nullptr;
    std::int64_t generation_ = 0;
    std::chrono::milliseconds wait_{0};
    std::chrono::steady_clock::time_point next_attempt_;
};

}  // namespace dacapo::sql
