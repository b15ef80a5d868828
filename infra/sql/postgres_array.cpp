#include "infra/sql/postgres_array.hpp"

#include <bit>
#include <concepts>

namespace dacapo::sql {

namespace {

constexpr std::size_t bytes_guess = 16;  // of an element with its length

// Network byte order.
template <std::unsigned_integral Number>
void append(std::string& bytes, Number number) {
    for (int shift = 8 * (static_cast<int>(sizeof(Number)) - 1); shift >= 0; shift -= 8)
        bytes += static_cast<char>(static_cast<unsigned char>(number >> shift));
}

void append_length(std::string& bytes, std::size_t length) {
    append(bytes, static_cast<std::uint32_t>(length));
}

}  // namespace

std::string_view PostgresArray::type_name(Element element) {
    switch (element) {
        case Element::bigint:
            return "bigint[]";
        case Element::text:
            return "text[]";
        case Element::double_precision:
            return "double precision[]";
    }
    return {};
}

// array_recv of PostgreSQL: dimensions, whether there are nulls, the element's type; of each dimension its
// size and its first index; then of each element its length (-1: null) and its bytes.
PostgresArray::PostgresArray(Element element, std::size_t element_count) {
    bytes_.reserve(20 + element_count * bytes_guess);
    for (const std::uint32_t number :
         {std::uint32_t{1}, std::uint32_t{1}, static_cast<std::uint32_t>(element),
          static_cast<std::uint32_t>(element_count), std::uint32_t{1}})
        append(bytes_, number);
}

void PostgresArray::add_plain(std::nullopt_t) { append(bytes_, ~std::uint32_t{0}); }

void PostgresArray::add_plain(std::int64_t value) {
    append_length(bytes_, sizeof(value));
    append(bytes_, static_cast<std::uint64_t>(value));
}

void PostgresArray::add_plain(double value) {
    append_length(bytes_, sizeof(value));
    append(bytes_, std::bit_cast<std::uint64_t>(value));
}

void PostgresArray::add_plain(std::string_view text) {
    append_length(bytes_, text.size());
    bytes_ += text;
}

}  // namespace dacapo::sql
