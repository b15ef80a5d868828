#include "infra/sql/create_text.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace dacapo::sql {

namespace {

// A database sorts texts by the rules of some country unless it is told otherwise. Tables without row ids are
// an arrangement that only SQLite needs.
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> postgres_words{
    {{"INTEGER", "BIGINT"},
     {"REAL", "DOUBLE PRECISION"},
     {"TEXT", "TEXT COLLATE \"C\""},
     {"WITHOUT ROWID", ""}}};

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

}  // namespace

std::string create_text(Dialect dialect, std::string_view statements) {
    if (dialect == Dialect::sqlite) return std::string(statements);
    std::string text;
    bool quoted = false;
    for (std::size_t i = 0; i < statements.size();) {
        const auto rest = statements.substr(i);
        const bool begins = !quoted && (i == 0 || !is_word(statements[i - 1]));
        const auto word = std::find_if(postgres_words.begin(), postgres_words.end(), [&](const auto& entry) {
            return rest.starts_with(entry.first) &&
                   (rest.size() == entry.first.size() || !is_word(rest[entry.first.size()]));
        });
        if (begins && word != postgres_words.end()) {
            text += word->second;
            i += word->first.size();
            continue;
        }
        if (rest.front() == '\'') quoted = !quoted;
        text += rest.front();
        ++i;
    }
    return text;
}

}  // namespace dacapo::sql
