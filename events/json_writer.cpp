#include "events/json_writer.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace dacapo {
namespace {

template <class Number>
void append_number(std::string& out, Number number) {
    std::array<char, 32> text;
    const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
    out.append(text.data(), end);
}

}  // namespace

void JsonWriter::value(std::int64_t number) {
    separate();
    append_number(out_, number);
}

void JsonWriter::value(std::uint64_t number) {
    separate();
    append_number(out_, number);
}

void JsonWriter::value(double number) {
    if (!std::isfinite(number)) return null();
    separate();
    append_number(out_, number);
}

void JsonWriter::value(std::string_view text) {
    static constexpr std::string_view hex = "0123456789abcdef";
    separate();
    out_ += '"';
    std::size_t clean_from = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte >= 0x20 && byte != '"' && byte != '\\') continue;
        out_.append(text, clean_from, i - clean_from);
        clean_from = i + 1;
        switch (byte) {
            case '"':
                out_ += "\\\"";
                break;
            case '\\':
                out_ += "\\\\";
                break;
            case '\n':
                out_ += "\\n";
                break;
            case '\r':
                out_ += "\\r";
                break;
            case '\t':
                out_ += "\\t";
                break;
            default:
                out_ += "\\u00";
                out_ += hex[byte >> 4];
                out_ += hex[byte & 0xF];
        }
    }
    out_.append(text, clean_from, text.size() - clean_from);
    out_ += '"';
}

}  // namespace dacapo
