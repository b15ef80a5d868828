#include "infra/text.hpp"

#include <utf8proc.h>
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

namespace dacapo {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

struct FreeDeleter {
    void operator()(utf8proc_uint8_t* bytes) const { std::free(bytes); }
};

struct CodePoint {
    std::int32_t value = -1;  // negative: not UTF-8
    std::size_t bytes = 1;
};

CodePoint code_point_at(std::string_view text, std::size_t at) {
    utf8proc_int32_t value = -1;
    const auto bytes = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + at,
                                        static_cast<utf8proc_ssize_t>(text.size() - at), &value);
    if (bytes <= 0) return {};
    return {value, static_cast<std::size_t>(bytes)};
}

bool is_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool is_control(std::int32_t point) { return point < 0x20 || (point >= 0x7F && point < 0xA0); }

// The White_Space property of Unicode 15.
bool is_white_space(std::int32_t point) {
    return (point >= 0x09 && point <= 0x0D) || point == 0x20 || point == 0x85 || point == 0xA0 ||
           point == 0x1680 || (point >= 0x2000 && point <= 0x200A) || point == 0x2028 || point == 0x2029 ||
           point == 0x202F || point == 0x205F || point == 0x3000;
}

// Blocks that hold accents and nothing that spells another word.
bool is_accent(std::int32_t point) {
    return (point >= 0x0300 && point <= 0x036F) || (point >= 0x1AB0 && point <= 0x1AFF) ||
           (point >= 0x1DC0 && point <= 0x1DFF) || (point >= 0x20D0 && point <= 0x20FF) ||
           (point >= 0xFE20 && point <= 0xFE2F);
}

// Lower-case letters that Unicode keeps whole although people type them plain.
std::string_view spelled_out(std::int32_t point) {
    switch (point) {
        case 0x00E6:
            return "ae";
        case 0x00F8:
            return "o";
        case 0x00F0:
        case 0x0111:
            return "d";
        case 0x00FE:
            return "th";
        case 0x00DF:
            return "ss";
        case 0x0127:
            return "h";
        case 0x0131:
            return "i";
        case 0x0142:
            return "l";
        case 0x0153:
            return "oe";
        case 0x0167:
            return "t";
        case 0x0180:
            return "b";
        case 0x0268:
            return "i";
        case 0x0289:
            return "u";
        default:
            return {};
    }
}

// Throws nothing but bad_alloc; nothing when the text is not UTF-8.
std::optional<std::string> mapped(std::string_view text, int options) {
    utf8proc_uint8_t* raw = nullptr;
    const auto size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                   static_cast<utf8proc_ssize_t>(text.size()), &raw,
                                   static_cast<utf8proc_option_t>(options));
    const std::unique_ptr<utf8proc_uint8_t, FreeDeleter> owner(raw);
    if (size == UTF8PROC_ERROR_NOMEM) throw std::bad_alloc();
    if (size < 0) return std::nullopt;
    return std::string(reinterpret_cast<const char*>(raw), static_cast<std::size_t>(size));
}

std::string_view trimmed(std::string_view text) {
    std::size_t begin = 0;
    while (begin < text.size()) {
        const auto point = code_point_at(text, begin);
        if (!is_white_space(point.value)) break;
        begin += point.bytes;
    }
    std::size_t end = begin;
    for (std::size_t at = begin; at < text.size();) {
        const auto point = code_point_at(text, at);
        at += point.bytes;
        if (!is_white_space(point.value)) end = at;
    }
    return text.substr(begin, end - begin);
}

std::string with_plain_line_ends(std::string_view text) {
    std::string plain;
    plain.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i)
        if (text[i] != '\r' || i + 1 == text.size() || text[i + 1] != '\n') plain += text[i];
    return plain;
}

std::string without_invalid_bytes(std::string_view text) {
    std::string valid;
    for (std::size_t at = 0; at < text.size();) {
        const auto point = code_point_at(text, at);
        valid += point.value < 0 ? replacement : text.substr(at, point.bytes);
        at += point.bytes;
    }
    return valid;
}

void append_folded(std::string& out, bool& gap, std::string_view letters) {
    if (gap && !out.empty()) out += ' ';
    gap = false;
    out += letters;
}

std::string fold_ascii(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    bool gap = false;
    for (const char c : text) {
        if (is_white_space(c)) {
            gap = true;
        } else if (!is_control(c)) {
            const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
            append_folded(out, gap, {&lower, 1});
        }
    }
    return out;
}

}  // namespace

bool is_valid_utf8(std::string_view text) {
    if (is_ascii(text)) return true;
    for (std::size_t at = 0; at < text.size();) {
        const auto point = code_point_at(text, at);
        if (point.value < 0) return false;
        at += point.bytes;
    }
    return true;
}

std::size_t code_points(std::string_view text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::optional<std::string> normalised(std::string_view text, Lines lines) {
    std::string plain;
    if (lines == Lines::many && text.find('\r') != text.npos) {
        plain = with_plain_line_ends(text);
        text = plain;
    }
    for (std::size_t at = 0; at < text.size();) {
        const auto point = code_point_at(text, at);
        if (point.value < 0) return std::nullopt;
        const bool allowed = lines == Lines::many && (point.value == '\n' || point.value == '\t');
        if (is_control(point.value) && !allowed) return std::nullopt;
        at += point.bytes;
    }
    if (is_ascii(text)) return std::string(trimmed(text));
    const auto composed = mapped(text, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    if (!composed) return std::nullopt;
    return std::string(trimmed(*composed));
}

std::string fold(std::string_view text) {
    if (is_ascii(text)) return fold_ascii(text);
    constexpr int options =
        UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE;
    auto plain = mapped(text, options);
    if (!plain) plain = mapped(without_invalid_bytes(text), options);
    if (!plain) return {};
    std::string out;
    out.reserve(plain->size());
    bool gap = false;
    for (std::size_t at = 0; at < plain->size();) {
        const auto point = code_point_at(*plain, at);
        const auto letters = std::string_view(*plain).substr(at, point.bytes);
        at += point.bytes;
        if (is_white_space(point.value)) {
            gap = true;
        } else if (!is_accent(point.value) && !is_control(point.value)) {
            const auto spelled = spelled_out(point.value);
            append_folded(out, gap, spelled.empty() ? letters : spelled);
        }
    }
    return out;
}

std::string printable(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const auto point = code_point_at(text, at);
        out += point.value < 0 || is_control(point.value) ? replacement : text.substr(at, point.bytes);
        at += point.bytes;
    }
    return out;
}

}  // namespace dacapo
