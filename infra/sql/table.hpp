// Rows on their way into one table: collected while events are applied, written together at the end of the
// batch. A projection says `messages.upsert({...})` and no more; how an engine likes its rows best is decided
// here.
#pragma once

#include "infra/sql/create_text.hpp"
#include "infra/sql/session.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_set>
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
    explicit Table(Session& session) : session_(session), upsert_sql_(upsert_statement(session.dialect())) {}

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
        if (session_.dialect() == Dialect::sqlite)
            flush_rows();
        else
            flush_columns();
        rows_.clear();
    }
    // Forgets what was not written: the batch has been rolled back.
    void discard() { rows_.clear(); }

    void create() { session_.script(create_text(session_.dialect(), RowType::create)); }
    void drop() { session_.script("DROP TABLE IF EXISTS " + std::string(RowType::table)); }

private:
    // Row by row: a statement costs next to nothing inside the process.
    void flush_rows() {
        Session::Lease lease(session_.prepared(upsert_sql_));
        for (const auto& row : rows_) {
            int number = 0;
            RowType::fields(
                row, [&](std::string_view, const auto& value) { lease.statement.bind(++number, value); });
            lease.statement.step();
            lease.statement.reset();
        }
    }

    // All at once, as arrays of columns: a statement costs a way to the server and back.
    void flush_columns() {
        keep_last_of_each_key();
        std::vector<PostgresArray> columns;
        RowType::fields(rows_.front(), [&]<class Value>(std::string_view, const Value&) {
            columns.emplace_back(PostgresArray::element_for<Value>(), rows_.size());
        });
        for (const auto& row : rows_) {
            auto column = columns.begin();
            RowType::fields(row, [&](std::string_view, const auto& value) { (column++)->add(value); });
        }
        Session::Lease lease(session_.prepared(upsert_sql_));
        int number = 0;
        for (const auto& column : columns) lease.statement.bind(++number, column);
        lease.statement.step();
    }

    // One statement may not write the same row twice.
    void keep_last_of_each_key() {
        if (rows_.size() == 1) return;
        std::unordered_set<std::string> keys;
        keys.reserve(rows_.size());
        const auto is_seen = [&](const RowType& row) {
            PostgresArray key(PostgresArray::Element::text, 1);  // Any bytes that only this key has.
            int number = 0;
            RowType::fields(row, [&](std::string_view, const auto& value) {
                if (++number <= RowType::key_count) key.add(value);
            });
            return !keys.emplace(key.bytes()).second;
        };
        // From the last row back: the first that is met of a key stays.
        const auto kept = std::remove_if(rows_.rbegin(), rows_.rend(), is_seen);
        rows_.erase(rows_.begin(), kept.base());
    }

    static std::string upsert_statement(Dialect dialect) {
        std::string columns, values, keys, changes;
        const auto append = [](std::string& list, const std::string& item) {
            if (!list.empty()) list += ", ";
            list += item;
        };
        int number = 0;
        RowType row{};
        RowType::fields(row, [&]<class Value>(std::string_view name, const Value&) {
            const std::string column(name);
            append(columns, column);
            auto value = '$' + std::to_string(++number);
            if (dialect == Dialect::postgresql)
                value.append("::").append(PostgresArray::type_name(PostgresArray::element_for<Value>()));
            append(values, value);
            if (number <= RowType::key_count)
                append(keys, column);
            else
                append(changes, column + " = excluded." + column);
        });
        const auto source =
            dialect == Dialect::sqlite ? "VALUES (" + values + ")" : "SELECT * FROM unnest(" + values + ")";
        return "INSERT INTO " + std::string(RowType::table) + " (" + columns + ") " + source +
               " ON CONFLICT (" + keys + ") DO UPDATE SET " + changes;
    }

    Session& session_;
    std::string upsert_sql_;
    std::vector<RowType> rows_;
};

}  // namespace dacapo::sql
