#include "infra/http/trace_context.hpp"

#include <algorithm>

namespace dacapo::http {
namespace {

// Upper case is forbidden, unlike elsewhere.
bool is_digit(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

bool is_hex(std::string_view text) { return std::ranges::all_of(text, is_digit); }

bool is_id(std::string_view text) { return is_hex(text) && text.find_first_not_of('0') != text.npos; }

}  // namespace

std::string traceparent_of(std::string_view field) {
    if (field.size() < traceparent_bytes) return {};
    const auto version = field.substr(0, 2);
    if (!is_hex(version) || version == "ff" || field[2] != '-') return {};
    if (!is_id(field.substr(3, 32)) || field[35] != '-') return {};
    if (!is_id(field.substr(36, 16)) || field[52] != '-' || !is_hex(field.substr(53, 2))) return {};
    const bool longer = field.size() > traceparent_bytes;
    if (version == "00") return longer ? std::string() : std::string(field);

    // Later versions begin like this one. What they say beyond it is not known here, so what is handed on
    // must not claim to be theirs; of the flags that is all but `sampled` and `random`, the two lowest bits.
    if (longer && field[traceparent_bytes] != '-') return {};
    std::string known = "00" + std::string(field.substr(2, traceparent_bytes - 4)) + "00";
    const char flags = field[traceparent_bytes - 1];
    known.back() = static_cast<char>('0' + ((flags <= '9' ? flags - '0' : flags - 'a' + 10) & 3));
    return known;
}

}  // namespace dacapo::http
