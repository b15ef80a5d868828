#include "infra/sql/postgres_connection.hpp"

#include "infra/sql/postgres_error.hpp"
#include "infra/sql/postgres_url.hpp"

#include <libpq-fe.h>
#include <poll.h>
#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace dacapo::sql {

namespace {

constexpr int server_version_min = 150000;

// Before the URL: it may say otherwise. A peer that is gone is noticed after 25 s without any traffic and
// after 10 s with unanswered data.
constexpr std::array<std::pair<const char*, const char*>, 8> defaults{{{"application_name", "dacapo"},
                                                                       {"connect_timeout", "2"},
                                                                       {"keepalives", "1"},
                                                                       {"keepalives_idle", "10"},
                                                                       {"keepalives_interval", "5"},
                                                                       {"keepalives_count", "3"},
                                                                       {"tcp_user_timeout", "10000"},
                                                                       {"sslmode", "prefer"}}};

// The longest plans are for lists, which never repay compiling them.
std::string settings_of(Use use) {
    std::string settings = "SET client_min_messages = error; SET jit = off;";
    if (use == Use::read)
        return settings + "SET default_transaction_read_only = on; SET statement_timeout = '" +
               std::to_string(query_time_max.count()) + "s'";
    // A writer that has lost its machine must not hold the others up for ever, nor wait for ever for one that
    // has.
    return settings + "SET lock_timeout = '5s'; SET idle_in_transaction_session_timeout = '60s'";
}

std::string first_line_of(std::string_view text) { return std::string(text.substr(0, text.find('\n'))); }

}  // namespace

void ClearResult::operator()(pg_result* result) const noexcept { PQclear(result); }

PostgresConnection::PostgresConnection(std::string url, Use use) : url_(std::move(url)), use_(use) {
    if (!is_postgres_url(url_)) throw Error(ErrorKind::statement, "not a postgresql: URL");
}

void PostgresConnection::ensure() {
    if (is_open() && !ended_by_server()) return;
    close();
    const auto now = std::chrono::steady_clock::now();
    if (now < next_attempt_) throw Error(ErrorKind::unreachable, "the database was away a moment ago");
    wait_ = std::clamp(wait_ * 2, reconnect_wait_min, reconnect_wait_max);
    try {
        connect();
    } catch (const Error&) {
        close();
        next_attempt_ = std::chrono::steady_clock::now() + wait_;
        throw;
    }
    wait_ = std::chrono::milliseconds(0);
    ++generation_;
}

void PostgresConnection::connect() {
    std::array<const char*, defaults.size() + 3> names{}, values{};
    std::size_t count = 0;
    for (const auto& [name, value] : defaults) {
        names[count] = name;
        values[count++] = value;
    }
    names[count] = "dbname";
    values[count++] = url_.c_str();
    names[count] = "client_encoding";
    values[count] = "UTF8";
    handle_ = PQconnectdbParams(names.data(), values.data(), 1);
    if (!is_open())
        throw Error(ErrorKind::unreachable, handle_ ? first_line_of(PQerrorMessage(handle_)) : "no memory");
    PQsetNoticeProcessor(
        handle_, [](void*, const char*) {}, nullptr);
    if (PQserverVersion(handle_) < server_version_min)
        throw Error(ErrorKind::statement, "PostgreSQL 15 or newer is needed");
    const char* const encoding = PQparameterStatus(handle_, "server_encoding");
    if (encoding == nullptr || std::string_view(encoding) != "UTF8")
        throw Error(ErrorKind::statement, "the database must have the encoding UTF8");
    execute(settings_of(use_));
}

void PostgresConnection::close() noexcept {
    PQfinish(handle_);
    handle_ = nullptr;
}

bool PostgresConnection::is_open() const { return handle_ != nullptr && PQstatus(handle_) == CONNECTION_OK; }

// An idle connection has nothing to say: what can be read from it is its end, and the words before that.
bool PostgresConnection::ended_by_server() {
    for (int i = 0; i < 3; ++i) {
        pollfd readable{PQsocket(handle_), POLLIN, 0};
        if (::poll(&readable, 1, 0) <= 0) return false;
        if (PQconsumeInput(handle_) == 0 || !is_open()) return true;
    }
    return false;
}

bool PostgresConnection::in_transaction() const {
    if (!is_open()) return false;
    const auto status = PQtransactionStatus(handle_);
    return status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
}

bool PostgresConnection::transaction_failed() const {
    return PQtransactionStatus(handle_) == PQTRANS_INERROR;
}

PostgresResult PostgresConnection::execute(const std::string& statements) {
    PostgresResult result(PQexec(handle_, statements.c_str()));
    const auto status = PQresultStatus(result.get());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) throw_postgres_error(handle_, result.get());
    return result;
}

}  // namespace dacapo::sql
