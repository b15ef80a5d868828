#include "infra/http/response_writer.hpp"

#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>

namespace dacapo::http {
namespace {

constexpr std::string_view fixed_fields =
    "Server: dacapo\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cross-Origin-Resource-Policy: same-site\r\n"
    "Vary: Origin\r\n";
constexpr std::string_view default_policy =
    "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n";
constexpr std::string_view transport_security =
    "Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n";
constexpr std::string_view default_cache = "Cache-Control: no-store\r\n";
constexpr std::string_view exposed_fields =
    "Access-Control-Allow-Credentials: true\r\n"
    "Access-Control-Expose-Headers: ETag, Link, Location, RateLimit, RateLimit-Policy, Retry-After, "
    "X-Total-Count, Dacapo-Position, "
    "Dacapo-Lag, Idempotency-Replayed, X-Request-Id\r\n";

void append_number(std::string& out, std::size_t number) {
    std::array<char, 20> text;
    const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
    out.append(text.data(), end);
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
    out += name;
    out += ": ";
    out += value;
    out += "\r\n";
}

bool same_name(std::string_view one, std::string_view other) {
    if (one.size() != other.size()) return false;
    for (std::size_t at = 0; at < one.size(); ++at)
        if ((one[at] | 0x20) != (other[at] | 0x20)) return false;
    return true;
}

bool has_body(int status) { return status >= 200 && status != 204 && status != 304; }

}  // namespace

void write_response(const Response& response, const ResponseFacts& facts, std::string& out) {
    const std::string_view content = response.content();
    const bool body = has_body(response.status);
    out.reserve(out.size() + 768 + (facts.head_only || !body ? 0 : content.size()));
    out += "HTTP/1.1 ";
    append_number(out, static_cast<std::size_t>(response.status));
    out += ' ';
    out += reason_of(response.status);
    out += "\r\n";
    out += fixed_fields;
    append_field(out, "Date", facts.date);
    append_field(out, "X-Request-Id", facts.request_id);

    bool own_policy = false;
    bool own_cache = false;
    for (const auto& [name, value] : response.headers) {
        append_field(out, name, value);
        own_policy = own_policy || same_name(name, "content-security-policy");
        own_cache = own_cache || same_name(name, "cache-control");
    }
    if (facts.secure) out += transport_security;
    if (!own_policy) out += default_policy;
    if (!own_cache) out += default_cache;
    if (!facts.allowed_origin.empty()) {
        append_field(out, "Access-Control-Allow-Origin", facts.allowed_origin);
        out += exposed_fields;
    }
    if (!facts.keep_alive)
        out += "Connection: close\r\n";
    else if (facts.announce_keep_alive)
        out += "Connection: keep-alive\r\n";
    if (body) {
        if (!content.empty()) append_field(out, "Content-Type", response.content_type);
        out += "Content-Length: ";
        append_number(out, content.size());
        out += "\r\n";
    }
    out += "\r\n";
    if (body && !facts.head_only) out += content;
}

std::string http_date(std::int64_t unix_seconds) {
    // The names are spelt here because strftime follows the locale.
    constexpr std::array<const char*, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const std::time_t time = unix_seconds;
    std::tm utc{};
    gmtime_r(&time, &utc);
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                  days[static_cast<std::size_t>(utc.tm_wday)], utc.tm_mday,
                  months[static_cast<std::size_t>(utc.tm_mon)], utc.tm_year + 1900, utc.tm_hour, utc.tm_min,
                  utc.tm_sec);
    return text.data();
}

}  // namespace dacapo::http
