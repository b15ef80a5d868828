// A prepared statement and the row it stands on, with values of our own types going in and out.
// Binding is by type at compile time: nothing is guessed from a column, nothing is narrowed. The engines are
// a closed set, so that reading a column costs a branch and no virtual call.
#pragma once

#include "infra/sql/postgres_statement.hpp"
#include "infra/sql/sqlite_statement.hpp"
#include "infra/sql/values.hpp"

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace dacapo::sql {

using Driver = std::variant<SqliteStatement, PostgresStatement>;

template <class OneOfThem, class Work>
auto with_driver(OneOfThem& driver, Work&& work) {
    if (auto* const sqlite = std::get_if<SqliteStatement>(&driver)) return work(*sqlite);
    return work(*std::get_if<PostgresStatement>(&driver));
}

// Parameters are `$1`, `$2` ...; each may be used more than once.
class Statement {
public:
    explicit Statement(SqliteStatement driver) : driver_(std::move(driver)) {}
    explicit Statement(PostgresStatement driver) : driver_(std::move(driver)) {}

    // `parameter` counts from 1. Text must live until reset().
    template <class Value>
    void bind(int parameter, const Value& value) {
        bind_plain(parameter, plain(value));
    }
    // PostgreSQL alone: a whole column at once.
    void bind(int parameter, const PostgresArray& column) {
        std::get<PostgresStatement>(driver_).bind(parameter, column);
    }

    // Throws std::logic_error unless exactly the statement's parameters are given.
    void expect_parameters(std::size_t count) const {
        with_driver(driver_, [&](const auto& driver) { driver.expect_parameters(count); });
    }
    // True when it stands on a row. Throws Error.
    bool step() {
        in_use_ = true;
        return with_driver(driver_, [](auto& driver) { return driver.step(); });
    }
    // Ends the statement's read transaction; it is ready for the next use.
    void reset() noexcept {
        with_driver(driver_, [](auto& driver) { driver.reset(); });
        in_use_ = false;
    }
    bool in_use() const { return in_use_; }
    // By the statement as it ran last.
    std::int64_t rows_changed() const {
        return with_driver(driver_, [](const auto& driver) { return driver.rows_changed(); });
    }

    bool is_null(int column) const {
        return with_driver(driver_, [&](const auto& driver) { return driver.is_null(column); });
    }
    std::int64_t integer(int column) const {
        return with_driver(driver_, [&](const auto& driver) { return driver.integer(column); });
    }
    double real(int column) const {
        return with_driver(driver_, [&](const auto& driver) { return driver.real(column); });
    }
    // Valid until the next step() or reset().
    std::string_view text(int column) const {
        return with_driver(driver_, [&](const auto& driver) { return driver.text(column); });
    }
    int column_count() const {
        return with_driver(driver_, [](const auto& driver) { return driver.column_count(); });
    }

private:
    template <class Value>
    void bind_plain(int parameter, Value value) {
        with_driver(driver_, [&](auto& driver) { driver.bind(parameter, value); });
    }
    template <class Value>
    void bind_plain(int parameter, const std::optional<Value>& value) {
        if (value)
            bind_plain(parameter, *value);
        else
            bind_plain(parameter, std::nullopt);
    }

    Driver driver_;
    bool in_use_ = false;
};

// The row a statement stands on. `get<T>(column)`, columns from 0; text views live until the next row.
class Row {
public:
    explicit Row(const Statement& statement) : statement_(statement) {}

    int column_count() const { return statement_.column_count(); }
    bool is_null(int column) const { return statement_.is_null(column); }
    template <class T>
    T get(int column) const {
        return Reader<T>::read(statement_, column);
    }
    // Into a variable of any readable type.
    template <class T>
    void read(int column, T& value) const {
        value = get<T>(column);
    }

private:
    template <class T>
    struct Reader;

    const Statement& statement_;
};

template <std::integral Number>
struct Row::Reader<Number> {
    static Number read(const Statement& from, int column) {
        return static_cast<Number>(from.integer(column));
    }
};
template <>
struct Row::Reader<bool> {
    static bool read(const Statement& from, int column) { return from.integer(column) != 0; }
};
template <>
struct Row::Reader<double> {
    static double read(const Statement& from, int column) { return from.real(column); }
};
template <>
struct Row::Reader<std::string_view> {
    static std::string_view read(const Statement& from, int column) { return from.text(column); }
};
template <>
struct Row::Reader<std::string> {
    static std::string read(const Statement& from, int column) { return std::string(from.text(column)); }
};
template <>
struct Row::Reader<Timestamp> {
    static Timestamp read(const Statement& from, int column) {
        return Timestamp(std::chrono::milliseconds(from.integer(column)));
    }
};
template <class Tag>
struct Row::Reader<Id<Tag>> {
    static Id<Tag> read(const Statement& from, int column) { return Id<Tag>{from.integer(column)}; }
};
template <NamedEnum Enum>
struct Row::Reader<Enum> {
    static Enum read(const Statement& from, int column) {
        Enum value{};
        if (!enum_from_name(from.text(column), value))
            throw Error(ErrorKind::storage, "a stored name is unknown");
        return value;
    }
};
template <class Value>
struct Row::Reader<std::optional<Value>> {
    static std::optional<Value> read(const Statement& from, int column) {
        if (from.is_null(column)) return std::nullopt;
        return Reader<Value>::read(from, column);
    }
};

}  // namespace dacapo::sql
