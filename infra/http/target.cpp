#include "infra/http/target.hpp"

#include "infra/http/utf8.hpp"

#include <algorithm>

namespace dacapo::http {
namespace {

constexpr HeadError bad_target{400, "bad_target", "The path or query is not valid."};

int hex_digit(char digit) {
    if (digit >= '0' && digit <= '9') return digit - '0';
    if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
    return -1;
}

bool is_control(char byte) { return static_cast<unsigned char>(byte) < 0x20 || byte == 0x7F; }

// Appends `text` with its %XX decoded. False for a bad escape or a byte that no path or query may hold.
bool decode(std::string_view text, bool plus_is_space, std::string& out) {
    for (std::size_t at = 0; at < text.size(); ++at) {
        char byte = text[at];
        if (byte == '%') {
            if (at + 2 >= text.size()) return false;
            const int high = hex_digit(text[at + 1]);
            const int low = hex_digit(text[at + 2]);
            if (high < 0 || low < 0) return false;
            byte = static_cast<char>(high * 16 + low);
            at += 2;
            if (byte == '\0') return false;
            if (is_control(byte) && !plus_is_space) return false;
        } else if (byte == '+' && plus_is_space) {
            byte = ' ';
        } else if (is_control(byte) || byte == ' ' || byte == '#') {
            return false;
        }
        out += byte;
    }
    return true;
}

bool decode_path(std::string_view raw, std::string& path) {
    if (raw.empty() || raw.front() != '/') return false;
    while (!raw.empty()) {
        raw.remove_prefix(1);
        const auto end = std::min(raw.find('/'), raw.size());
        const auto begin_of_segment = path.size() + 1;
        path += '/';
        if (!decode(raw.substr(0, end), false, path)) return false;
        const auto segment = std::string_view(path).substr(begin_of_segment);
        // A decoded slash would make two segments of one, and dots would climb.
        if (segment.find_first_of("/\\") != std::string_view::npos || segment == "." || segment == "..")
            return false;
        raw.remove_prefix(end);
    }
    return is_utf8(path);
}

void strip_path(std::string& path) {
    if (path == "/api" || path.starts_with("/api/")) path.erase(0, 4);
    if (path.size() > 1 && path.back() == '/') path.pop_back();
    if (path.empty()) path = "/";
}

std::optional<HeadError> parse_query(std::string_view raw, Request& request) {
    while (!raw.empty()) {
        const auto end = std::min(raw.find('&'), raw.size());
        const std::string_view pair = raw.substr(0, end);
        raw.remove_prefix(std::min(end + 1, raw.size()));
        if (pair.empty()) continue;
        const auto equals = std::min(pair.find('='), pair.size());
        auto& [key, value] = request.query.emplace_back();
        const bool decoded = decode(pair.substr(0, equals), true, key) &&
                             (equals == pair.size() || decode(pair.substr(equals + 1), true, value));
        if (!decoded || !is_utf8(key) || !is_utf8(value)) return bad_target;
        const auto same_key = [&name = key](const auto& other) { return other.first == name; };
        if (std::any_of(request.query.begin(), request.query.end() - 1, same_key))
            return HeadError{400, "duplicate_query_key", "A query parameter is given twice."};
    }
    return std::nullopt;
}

bool same_host(std::string_view one, std::string_view other) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return std::ranges::equal(one, other, {}, lower, lower);
}

}  // namespace

bool is_host(std::string_view host) {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    const auto in_name = [&](char c) {
        return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' ||
               c == '_';
    };
    std::string_view rest;
    if (host.starts_with('[')) {
        const auto close = host.find(']');
        if (close == std::string_view::npos || close == 1) return false;
        const auto in_address = [](char c) { return hex_digit(c) >= 0 || c == ':' || c == '.'; };
        if (!std::ranges::all_of(host.substr(1, close - 1), in_address)) return false;
        rest = host.substr(close + 1);
    } else {
        const auto colon = std::min(host.find(':'), host.size());
        if (colon == 0 || !std::ranges::all_of(host.substr(0, colon), in_name)) return false;
        rest = host.substr(colon);
    }
    if (rest.empty()) return true;
    return rest.front() == ':' && rest.size() <= 6 && std::ranges::all_of(rest.substr(1), is_digit);
}

std::optional<HeadError> parse_target(std::string_view target, std::string_view host, Request& request) {
    if (target == "*") {
        if (request.method != Method::options) return bad_target;
        request.path = "*";
        return std::nullopt;
    }
    if (!target.starts_with('/')) {
        const bool plain = target.starts_with("http://");
        if (!plain && !target.starts_with("https://")) return bad_target;
        target.remove_prefix(plain ? 7 : 8);
        const auto end = std::min(target.find_first_of("/?"), target.size());
        if (!same_host(target.substr(0, end), host))
            return HeadError{421, "wrong_host", "The target names another host than the Host field."};
        target.remove_prefix(end);
    }
    const auto question = std::min(target.find('?'), target.size());
    const std::string_view raw_path = target.substr(0, question);
    if (!decode_path(raw_path.empty() ? "/" : raw_path, request.path)) {
        request.path.clear();
        return bad_target;
    }
    strip_path(request.path);
    if (question == target.size()) return std::nullopt;
    return parse_query(target.substr(question + 1), request);
}

}  // namespace dacapo::http
