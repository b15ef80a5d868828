// A statement prepared by PostgreSQL, on first use and again on each new connection, and its whole result.
// Parameters and columns travel as text, whose types the server knows: nothing depends on how it infers them.
#pragma once

#include "infra/sql/postgres_array.hpp"
#include "infra/sql/postgres_connection.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dacapo::sql {

// Parameters are `$1`, `$2` ...; each may be used more than once, and one in between not at all.
class PostgresStatement {
public:
    PostgresStatement(PostgresConnection& connection, std::string_view sql);
    ~PostgresStatement();
    PostgresStatement(PostgresStatement&& other) noexcept;
    PostgresStatement& operator=(PostgresStatement&&) = delete;

    void bind(int parameter, std::nullopt_t);
    void bind(int parameter, std::int64_t value);
    void bind(int parameter, double value);
    void bind(int parameter, std::string_view text);  // Throws Error when it holds U+0000.
    // Not copied: it must live until the first step().
    void bind(int parameter, const PostgresArray& column);

    void expect_parameters(std::size_t count) const;
    bool step();
    void reset() noexcept;
    std::int64_t rows_changed() const;

    bool is_null(int column) const;
    std::int64_t integer(int column) const;
    double real(int column) const;
    std::string_view text(int column) const;
    int column_count() const;

private:
    void prepare();
    void run();

    PostgresConnection* connection_;
    std::string sql_;
    std::string name_;
    std::int64_t prepared_on_ = 0;  // the generation of the connection; 0: not prepared
    PostgresResult result_;
    int row_ = 0;

    // One of each for every parameter, kept from use to use.
    std::vector<unsigned> types_;
    std::vector<std::string> texts_;
    std::vector<const char*> values_;
    std::vector<int> lengths_;
    std::vector<int> formats_;  // 0 text, 1 binary
};

}  // namespace dacapo::sql
