#include "infra/env_file.hpp"

#include <algorithm>

namespace dacapo {
namespace {

constexpr std::string_view blank = " \t";

std::string_view trimmed(std::string_view text) {
    const auto begin = text.find_first_not_of(blank);
    if (begin == text.npos) return {};
    return text.substr(begin, text.find_last_not_of(blank) - begin + 1);
}

bool is_name(std::string_view name) {
    const auto is_inner = [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    };
    return !name.empty() && !(name[0] >= '0' && name[0] <= '9') &&
           std::all_of(name.begin(), name.end(), is_inner);
}

// Each reader gives the error, or null.
const char* read_bare(std::string_view text, std::string& value) {
    for (std::size_t i = 1; i < text.size(); ++i)
        if (text[i] == '#' && blank.find(text[i - 1]) != blank.npos) text = text.substr(0, i);
    if (text.starts_with('#')) text = {};
    value = trimmed(text);
    if (value.find_first_of("\"'") != value.npos) return "a quote inside a value without quotes";
    return nullptr;
}

const char* read_quoted(std::string_view text, std::string& value) {
    const char quote = text[0];
    std::size_t at = 1;
    for (; at < text.size() && text[at] != quote; ++at) {
        if (text[at] != '\\' || quote == '\'') {
            value += text[at];
            continue;
        }
        if (++at == text.size()) return "a quote that is not closed";
        switch (text[at]) {
            case 'n':
                value += '\n';
                break;
            case 't':
                value += '\t';
                break;
            case '"':
            case '\\':
            case '$':
                value += text[at];
                break;
            default:
                return "an unknown escape";
        }
    }
    if (at == text.size()) return "a quote that is not closed";
    const auto rest = trimmed(text.substr(at + 1));
    if (!rest.empty() && !rest.starts_with('#')) return "text after the closing quote";
    return nullptr;
}

const char* read_line(std::string_view line, EnvFile& file) {
    constexpr std::string_view export_word = "export ";
    if (line.starts_with(export_word)) line = trimmed(line.substr(export_word.size()));
    const auto equals = line.find('=');
    if (equals == line.npos) return "no '=' after the name";
    const auto name = line.substr(0, equals);
    if (!is_name(name)) return "not a name before the '='";
    for (const auto& variable : file.variables)
        if (variable.first == name) return "a name that is there already";
    const auto text = trimmed(line.substr(equals + 1));
    std::string value;
    const bool quoted = text.starts_with('"') || text.starts_with('\'');
    if (const char* error = quoted ? read_quoted(text, value) : read_bare(text, value)) return error;
    file.variables.emplace_back(name, std::move(value));
    return nullptr;
}

}  // namespace

EnvFile parse_env_file(std::string_view text) {
    EnvFile file;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const auto end = std::min(text.find('\n'), text.size());
        auto line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        line = trimmed(line);
        if (line.empty() || line.starts_with('#')) continue;
        if (line.find('\0') != line.npos)
            file.errors.push_back(".env:" + std::to_string(number) + ": a NUL");
        else if (const char* error = read_line(line, file))
            file.errors.push_back(".env:" + std::to_string(number) + ": " + error);
    }
    return file;
}

}  // namespace dacapo
