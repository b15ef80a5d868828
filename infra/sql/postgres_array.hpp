// A column of many rows as one parameter for PostgreSQL: an array in its binary form.
// So that a batch of rows is one statement (`INSERT ... SELECT FROM unnest(...)`) however many they are.
#pragma once

#include "infra/sql/values.hpp"

#include <string>
#include <string_view>
#include <type_traits>

namespace dacapo::sql {

class PostgresArray {
public:
    // The object ids of PostgreSQL's own types.
    enum class Element : std::int32_t { bigint = 20, text = 25, double_precision = 701 };

    // What rows with this member need.
    template <class Value>
    static constexpr Element element_for() {
        using Plain = decltype(plain(std::declval<const Value&>()));
        if constexpr (std::is_same_v<Plain, double> || std::is_same_v<Plain, std::optional<double>>)
            return Element::double_precision;
        else if constexpr (std::is_same_v<Plain, std::string_view> ||
                           std::is_same_v<Plain, std::optional<std::string_view>>)
            return Element::text;
        else
            return Element::bigint;
    }
    // `bigint[]`
    static std::string_view type_name(Element element);

    PostgresArray(Element element, std::size_t element_count);

    template <class Value>
    void add(const Value& value) {
        add_plain(plain(value));
    }
    // Once every element has been added.
    std::string_view bytes() const { return bytes_; }

private:
    void add_plain(std::nullopt_t);
    void add_plain(std::int64_t value);
    void add_plain(double value);
    void add_plain(std::string_view text);
    template <class Value>
    void add_plain(const std::optional<Value>& value) {
        if (value)
            add_plain(*value);
        else
            add_plain(std::nullopt);
    }

    std::string bytes_;
};

}  // namespace dacapo::sql
