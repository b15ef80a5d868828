#include "api/idempotency_key.hpp"

#include <algorithm>

namespace dacapo::api {
namespace {

bool is_printable(char c) { return c >= 0x20 && c < 0x7F; }

std::optional<std::string> quoted(std::string_view field) {
    std::string key;
    for (std::size_t at = 1; at < field.size(); ++at) {
        char c = field[at];
        if (c == '"') return at + 1 == field.size() ? std::optional(std::move(key)) : std::nullopt;
        if (c == '\\') {
            if (++at == field.size()) return std::nullopt;
            c = field[at];
            if (c != '"' && c != '\\') return std::nullopt;
        }
        if (!is_printable(c)) return std::nullopt;
        key += c;
    }
    return std::nullopt;
}

std::optional<std::string> bare(std::string_view field) {
    const auto fits = [](char c) { return is_printable(c) && c != ' ' && c != '"' && c != '\\'; };
    if (!std::ranges::all_of(field, fits)) return std::nullopt;
    return std::string(field);
}

}  // namespace

std::optional<std::string> idempotency_key(std::string_view field) {
    auto key = field.starts_with('"') ? quoted(field) : bare(field);
    if (key && (key->empty() || key->size() > idempotency_key_bytes_max)) return std::nullopt;
    return key;
}

}  // namespace dacapo::api
