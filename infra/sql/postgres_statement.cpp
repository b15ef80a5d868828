#include "infra/sql/postgres_statement.hpp"

#include "infra/sql/postgres_error.hpp"

#include <libpq-fe.h>
#include <array>
#include <atomic>
#include <charconv>
#include <utility>

namespace dacapo::sql {

namespace {

constexpr unsigned text_type = 25;  // PostgreSQL's object id of `text`

// Which of `$1`, `$2` ... the text has, outside of its literals.
std::vector<bool> parameters_of(std::string_view sql) {
    std::vector<bool> used;
    char quote = 0;
    for (std::size_t i = 0; i < sql.size(); ++i) {
        if (quote != 0) {
            if (sql[i] == quote) quote = 0;
        } else if (sql[i] == '\'' || sql[i] == '"') {
            quote = sql[i];
        } else if (sql[i] == '$') {
            std::size_t number = 0;
            const auto [end, error] = std::from_chars(sql.data() + i + 1, sql.data() + sql.size(), number);
            if (error != std::errc{} || number < 1 || number > 1000)
                throw std::logic_error("a parameter must be a number: " + std::string(sql));
            used.resize(std::max(used.size(), number), false);
            used[number - 1] = true;
        }
    }
    return used;
}

std::string next_name() {
    static std::atomic<std::uint64_t> count{0};
    return 's' + std::to_string(++count);
}

// What must be forgotten when these come back: the statement no longer fits the tables, or is not known.
bool wants_preparing_anew(const pg_result* result) {
    const char* const state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    return state != nullptr && (std::string_view(state) == "0A000" || std::string_view(state) == "26000");
}

}  // namespace

PostgresStatement::PostgresStatement(PostgresConnection& connection, std::string_view sql)
    : connection_(&connection), sql_(sql) {
    const auto used = parameters_of(sql);
    // The server wants a type for what it cannot infer from any use.
    for (const bool one : used) types_.push_back(one ? 0 : text_type);
    texts_.resize(used.size());
    values_.resize(used.size());
    lengths_.resize(used.size());
    formats_.resize(used.size());
}

PostgresStatement::~PostgresStatement() {
    reset();
    if (prepared_on_ == 0 || prepared_on_ != connection_->generation() || !connection_->is_open()) return;
    PQclear(PQexec(connection_->handle(), ("DEALLOCATE " + name_).c_str()));
}

PostgresStatement::PostgresStatement(PostgresStatement&& other) noexcept
    : connection_(other.connection_),
      sql_(std::move(other.sql_)),
      name_(std::move(other.name_)),
      prepared_on_(std::exchange(other.prepared_on_, 0)),
      result_(std::move(other.result_)),
      types_(std::move(other.types_)),
      texts_(std::move(other.texts_)),
      values_(std::move(other.values_)),
      lengths_(std::move(other.lengths_)),
      formats_(std::move(other.formats_)) {}

void PostgresStatement::bind(int parameter, std::nullopt_t) {
    values_[static_cast<std::size_t>(parameter - 1)] = nullptr;
}

void PostgresStatement::bind(int parameter, std::int64_t value) {
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    bind(parameter, std::string_view(digits.data(), end));
}

void PostgresStatement::bind(int parameter, double value) {
    std::array<char, 32> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    bind(parameter, std::string_view(digits.data(), end));
}

void PostgresStatement::bind(int parameter, std::string_view text) {
    // The server would take it for the end of the text.
    if (text.find('\0') != text.npos) throw Error(ErrorKind::statement, "a text holds U+0000");
    const auto place = static_cast<std::size_t>(parameter - 1);
    values_[place] = texts_[place].assign(text).c_str();
    formats_[place] = 0;
}

void PostgresStatement::bind(int parameter, const PostgresArray& column) {
    const auto place = static_cast<std::size_t>(parameter - 1);
    values_[place] = column.bytes().data();
    lengths_[place] = static_cast<int>(column.bytes().size());
    formats_[place] = 1;
}

void PostgresStatement::expect_parameters(std::size_t count) const {
    if (count != types_.size()) throw std::logic_error("wrong number of parameters for: " + sql_);
}

bool PostgresStatement::step() {
    if (!result_)
        run();
    else
        ++row_;
    return row_ < PQntuples(result_.get());
}

void PostgresStatement::prepare() {
    auto name = next_name();
    const PostgresResult prepared(PQprepare(connection_->handle(), name.c_str(), sql_.c_str(),
                                            static_cast<int>(types_.size()), types_.data()));
    if (PQresultStatus(prepared.get()) != PGRES_COMMAND_OK)
        throw_postgres_error(connection_->handle(), prepared.get());
    name_ = std::move(name);
    prepared_on_ = connection_->generation();
}

void PostgresStatement::run() {
    if (prepared_on_ != connection_->generation()) prepare();
    row_ = 0;
    PostgresResult result(PQexecPrepared(connection_->handle(), name_.c_str(),
                                         static_cast<int>(values_.size()), values_.data(), lengths_.data(),
                                         formats_.data(), 0));
    switch (PQresultStatus(result.get())) {
        case PGRES_TUPLES_OK:
        case PGRES_COMMAND_OK:
            result_ = std::move(result);
            return;
        case PGRES_EMPTY_QUERY:
            throw Error(ErrorKind::statement, "an empty statement");
        default:
            if (wants_preparing_anew(result.get())) prepared_on_ = 0;
            throw_postgres_error(connection_->handle(), result.get());
    }
}

void PostgresStatement::reset() noexcept { result_.reset(); }

std::int64_t PostgresStatement::rows_changed() const {
    const std::string_view count = PQcmdTuples(result_.get());
    std::int64_t number = 0;
    std::from_chars(count.data(), count.data() + count.size(), number);
    return number;
}

bool PostgresStatement::is_null(int column) const { return PQgetisnull(result_.get(), row_, column) != 0; }

// What is true or false is `t` or `f` here.
std::int64_t PostgresStatement::integer(int column) const {
    const auto digits = text(column);
    if (digits == "t") return 1;
    std::int64_t number = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return number;
}

double PostgresStatement::real(int column) const {
    const auto digits = text(column);
    double number = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return number;
}

std::string_view PostgresStatement::text(int column) const {
    return {PQgetvalue(result_.get(), row_, column),
            static_cast<std::size_t>(PQgetlength(result_.get(), row_, column))};
}

int PostgresStatement::column_count() const { return PQnfields(result_.get()); }

}  // namespace dacapo::sql
