// A prepared statement and the row it stands on, with values of our own types going in and out.
// Binding is by type at compile time: nothing is guessed from a column, nothing is narrowed.
#pragma once

#include "events/enum_names.hpp"
#include "events/ids.hpp"
#include "infra/sql/dialect.hpp"

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace dacapo::sql {

// The connection's last failure as an Error.
[[noreturn]] void throw_error(sqlite3* connection);

// Parameters are `$1`, `$2` ... (or `?`, `?1`); each may be used more than once.
class Statement {
public:
    Statement(sqlite3* connection, std::string_view sql);
    ~Statement();
    Statement(Statement&& other) noexcept;
    Statement& operator=(Statement&&) = delete;

    // `parameter` counts from 1. Text is not copied: it must live until reset().
    void bind(int parameter, std::nullopt_t);
    void bind(int parameter, std::int64_t value);
    void bind(int parameter, double value);
    void bind(int parameter, std::string_view text);
    void bind(int parameter, const std::string& text) { bind(parameter, std::string_view(text)); }
    void bind(int parameter, const char* text) { bind(parameter, std::string_view(text)); }
    template <std::integral Number>
    void bind(int parameter, Number value) {
        bind(parameter, static_cast<std::int64_t>(value));
    }
    template <class Tag>
    void bind(int parameter, Id<Tag> id) {
        bind(parameter, id.value);
    }
    void bind(int parameter, Timestamp time) {
        bind(parameter, std::int64_t{time.time_since_epoch().count()});
    }
    template <NamedEnum Enum>
    void bind(int parameter, Enum value) {
        bind(parameter, name_of(value));
    }
    template <class Value>
    void bind(int parameter, const std::optional<Value>& value) {
        if (value)
            bind(parameter, *value);
        else
            bind(parameter, std::nullopt);
    }

    // Throws std::logic_error unless exactly the statement's parameters are given.
    void expect_parameters(std::size_t count) const;
    // True when it stands on a row. Throws Error.
    bool step();
    // Ends the statement's read transaction; it is ready for the next use.
    void reset() noexcept;
    bool in_use() const { return in_use_; }

    bool is_null(int column) const;
    std::int64_t integer(int column) const;
    double real(int column) const;
    std::string_view text(int column) const;  // valid until the next step() or reset()
    int column_count() const;

private:
    int slot(int parameter) const;

    sqlite3* connection_;
    sqlite3_stmt* statement_ = nullptr;
    std::vector<int>
        numbers_;  // which parameter each of the engine's slots wants; empty when they are the same
    int parameter_count_ = 0;
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
