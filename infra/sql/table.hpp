// Rows on their way into one table: collected while events are applied, written together at the end of the
// batch. A projection says `messages.upsert({...})` and no more; how an engine likes its rows best is decided
// here.
#pragma once

#include "infra/sql/session.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace dacapo::sql {

// A row type says where it lives and what its columns are, in order, keys first:
//     struct ReadMarkerRow {
//         static constexpr std::string_view table = "read_markers";
//         static constexpr int key_count = 2;
//         static constexpr const char* create = "CREATE TABLE read_markers (...); CREATE INDEX ...";
//         template <class Self, class Field> static void fields(Self& self, Field&& field);
//     };
// Text may be a view of the event it comes from: rows are written while the batch's records live.
template <class RowType>
class Table {
public:
    explicit Table(Session& session) : session_(session), upsert_sql_(upsert_statement()) {}

    // The last row of a key wins.
    void upsert(RowType row) { rows_.push_back(std::move(row)); }

    // Statements on the table itself come after every row given before.
    template <class... Parameters>
    std::int64_t execute(std::string_view sql, const Parameters&... parameters) {
        flush();
        return session_.execute(sql, parameters...);
    }
    template <class... ParametersThenEach>
    std::size_t query(std::string_view sql, ParametersThenEach&&... parameters_then_each) {
        flush();
        return session_.query(sql, std::forward<ParametersThenEach>(parameters_then_each)...);
    }
    template <class T, class... Parameters>
    std::optional<T> value(std::string_view sql, const Parameters&... parameters) {
        flush();
        return session_.template value<T>(sql, parameters...);
    }

    void flush() {
        if (rows_.empty()) return;
        Session::Lease lease(session_.prepared(upsert_sql_));
        for (const auto& row : rows_) {
            int number = 0;
            RowType::fields(
                row, [&](std::string_view, const auto& value) { lease.statement.bind(++number, value); });
            lease.statement.step();
            lease.statement.reset();
        }
        rows_.clear();
    }
    // Forgets what was not written: the batch has been rolled back.
    void discard() { rows_.clear(); }

    void create() { session_.script(RowType::create); }
    void drop() { session_.script("DROP TABLE IF EXISTS " + std::string(RowType::table)); }

private:
    static std::string upsert_statement() {
        std::string columns, values, keys, changes;
        const auto append = [](std::string& list, const std::string& item) {
            if (!list.empty()) list += ", ";
            list += item;
        };
        int number = 0;
        RowType row{};
        RowType::fields(row, [&](std::string_view name, const auto&) {
            const std::string column(name);
            append(columns, column);
            append(values, '$' + std::to_string(++number));
            if (number <= RowType::key_count)
                append(keys, column);
            else
                append(changes, column + " = excluded." + column);
        });
        return "INSERT INTO " + std::string(RowType::table) + " (" + columns + ") VALUES (" + values +
               ") ON CONFLICT (" + keys + ") DO UPDATE SET " + changes;
    }

    Session& session_;
    std::string upsert_sql_;
    std::vector<RowType> rows_;
};

}  // namespace dacapo::sql
