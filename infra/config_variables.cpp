#include "infra/config_variables.hpp"

#include "infra/client_address.hpp"
#include "infra/config_secret.hpp"
#include "infra/crypto/password.hpp"
#include "infra/sql/postgres_url.hpp"
#include "infra/wall_time.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <thread>

namespace dacapo {
namespace {

using std::string;
using std::string_view;

constexpr string_view sqlite_scheme = "sqlite:";
constexpr std::chrono::seconds jwt_lifetime_min{60};
constexpr std::chrono::seconds jwt_lifetime_max = std::chrono::days{366};
constexpr std::size_t thread_count_max = 256;
constexpr int kafka_replicas_max = 15;
constexpr std::size_t cache_mb_max = 1'000'000;

template <class Number>
std::optional<Number> number_of(string_view text) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

template <class Number>
string read_number(string_view text, Number low, Number high, Number& into) {
    const auto number = number_of<Number>(text);
    if (!number || *number < low || *number > high)
        return "must be a whole number from " + std::to_string(low) + " to " + std::to_string(high);
    into = *number;
    return {};
}

// 15m, 12h, 7d, 30s, or seconds.
std::optional<std::chrono::seconds> duration_of(string_view text) {
    std::int64_t unit_s = 1;
    if (!text.empty()) {
        switch (text.back()) {
            case 's':
                unit_s = 1;
                break;
            case 'm':
                unit_s = 60;
                break;
            case 'h':
                unit_s = 3600;
                break;
            case 'd':
                unit_s = 86'400;
                break;
            default:
                unit_s = 0;
        }
        if (unit_s > 0) text.remove_suffix(1);
    }
    const auto count = number_of<std::int64_t>(text);
    constexpr std::int64_t count_max = 1'000'000'000;  // more in any unit is out of every range here
    if (!count || *count < 0 || *count > count_max) return std::nullopt;
    return std::chrono::seconds{*count * std::max<std::int64_t>(unit_s, 1)};
}

string duration_text(std::chrono::seconds duration) {
    const auto count = duration.count();
    if (count % 86'400 == 0) return std::to_string(count / 86'400) + 'd';
    if (count % 3600 == 0) return std::to_string(count / 3600) + 'h';
    if (count % 60 == 0) return std::to_string(count / 60) + 'm';
    return std::to_string(count);
}

// `sqlite:data/log.db`, `sqlite:/var/lib/log.db`; also with two slashes and an empty host, where the path
// begins after the third slash as SQLAlchemy has it (`sqlite:///relative`, `sqlite:////absolute`).
string read_sqlite_url(string_view text, std::filesystem::path& into) {
    if (!text.starts_with(sqlite_scheme)) return "must be sqlite:PATH";
    text.remove_prefix(sqlite_scheme.size());
    if (text.starts_with("//")) {
        if (!text.starts_with("///")) return "must be sqlite:PATH, without a host";
        text.remove_prefix(3);
    }
    if (text.empty() || text.ends_with('/') || text.find('?') != text.npos || text == ":memory:")
        return "must be sqlite:PATH with the path of a file";
    into = std::filesystem::path(text);
    return {};
}

string read_event_log(Config& config, string_view text) {
    config.event_log_kafka.reset();
    config.event_log_file.clear();
    if (text.starts_with(sqlite_scheme)) return read_sqlite_url(text, config.event_log_file);
    if (!text.starts_with(kafka_scheme)) return "must be sqlite:PATH or kafka://HOST:PORT/NAME";
    try {
        config.event_log_kafka = parse_kafka_url(text);
    } catch (const std::invalid_argument& fault) {
        return fault.what();
    }
    return {};
}

string shown_event_log(const Config& config) {
    return config.event_log_kafka ? config.event_log_kafka->text()
                                  : string(sqlite_scheme) + config.event_log_file.string();
}

string read_database_url(Config& config, string_view text) {
    if (text.starts_with("postgres")) {
        if (!sql::is_postgres_url(string(text)))
            return "must be sqlite:PATH or postgresql://USER:PASSWORD@HOST:PORT/DATABASE";
        config.database_url = text;
        config.database_file.clear();
        return {};
    }
    if (!text.starts_with(sqlite_scheme))
        return "must be sqlite:PATH or postgresql://USER:PASSWORD@HOST:PORT/DATABASE";
    auto fault = read_sqlite_url(text, config.database_file);
    config.database_url = string(sqlite_scheme) + config.database_file.string();
    return fault;
}

string shown_database_url(const Config& config) {
    return config.database_file.empty() ? sql::without_password(config.database_url) : config.database_url;
}

// `scheme://host[:port]` with an optional path; the trailing slash is cut. Empty when it is not one.
string web_address_of(string_view text, bool path_allowed) {
    while (text.ends_with('/')) text.remove_suffix(1);
    const auto scheme_end = text.find("://");
    if (scheme_end == text.npos) return {};
    const auto scheme = text.substr(0, scheme_end);
    const auto rest = text.substr(scheme_end + 3);
    const auto is_part = [](char c) {
        return c > 0x20 && c < 0x7F && c != '\\' && c != '"' && c != '<' && c != '>';
    };
    const auto is_host = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
               c == '-' || c == ':' || c == '[' || c == ']' || c == '_';
    };
    const auto host = rest.substr(0, rest.find('/'));
    if ((scheme != "http" && scheme != "https") || host.empty() ||
        !std::all_of(host.begin(), host.end(), is_host))
        return {};
    if (!path_allowed && host.size() != rest.size()) return {};
    if (!std::all_of(rest.begin(), rest.end(), is_part) || rest.find_first_of("?#") != rest.npos) return {};
    return string(text);
}

string read_origins(string_view text, std::vector<string>& into) {
    std::vector<string> origins;
    for (std::size_t at = 0; at <= text.size();) {
        const auto end = std::min(text.find(',', at), text.size());
        auto one = text.substr(at, end - at);
        while (one.starts_with(' ')) one.remove_prefix(1);
        while (one.ends_with(' ')) one.remove_suffix(1);
        origins.push_back(web_address_of(one, false));
        if (origins.back().empty())
            return "must be origins such as https://app.example, separated by commas, without paths or *";
        at = end + 1;
    }
    into = std::move(origins);
    return {};
}

string read_networks(string_view text, std::vector<string>& into) {
    std::vector<string> networks;
    for (std::size_t at = 0; at <= text.size();) {
        const auto end = std::min(text.find(',', at), text.size());
        auto one = text.substr(at, end - at);
        while (one.starts_with(' ')) one.remove_prefix(1);
        while (one.ends_with(' ')) one.remove_suffix(1);
        networks.emplace_back(one);
        at = end + 1;
    }
    try {
        [[maybe_unused]] const TrustedProxies checked(networks);
    } catch (const std::invalid_argument&) {
        return "must be addresses or networks such as 10.0.0.7,192.168.0.0/16, separated by commas";
    }
    into = std::move(networks);
    return {};
}

string joined(const std::vector<string>& parts) {
    string all;
    for (const auto& part : parts) all += (all.empty() ? "" : ",") + part;
    return all;
}

string read_host(string_view text, string& into) {
    const auto is_part = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
               c == ':' || c == '-';
    };
    if (text.empty() || !std::all_of(text.begin(), text.end(), is_part))
        return "must be an address or a host name";
    into = text;
    return {};
}

string read_admin_port(Config& config, string_view text) {
    std::uint16_t port = 0;
    auto fault = read_number<std::uint16_t>(text, 0, 65535, port);
    if (fault.empty()) config.admin_port = port;
    return fault;
}

string read_secret(Config& config, string_view text) {
    if (auto fault = config.is_production() ? fault_of_secret(text) : string(); !fault.empty()) return fault;
    config.jwt_secret = text;
    return {};
}

string read_previous_secret(Config& config, string_view text) {
    if (auto fault = config.is_production() ? fault_of_secret(text) : string(); !fault.empty()) return fault;
    if (text == config.jwt_secret) return "must be another one than JWT_SECRET";
    config.jwt_secret_previous = text;
    return {};
}

string read_cluster_secret(Config& config, string_view text) {
    if (auto fault = config.is_production() ? fault_of_secret(text) : string(); !fault.empty()) return fault;
    config.cluster_secret = text;
    return {};
}

string read_cost(Config& config, string_view text) {
    if (auto fault = read_number(text, password_cost_min, password_cost_max, config.password_cost);
        !fault.empty())
        return fault;
    if (config.is_production() && config.password_cost < password_cost_production_min)
        return "must be at least 10 in production";
    return {};
}

string default_public_url(const Config& config) {
    const bool any = config.host == "0.0.0.0" || config.host == "::" || config.host.empty();
    const bool v6 = config.host.find(':') != string::npos;
    const auto host = any ? string("localhost") : v6 ? '[' + config.host + ']' : config.host;
    return (config.has_tls() ? "https://" : "http://") + host + ':' + std::to_string(config.port);
}

string default_thread_count(const Config&) {
    return std::to_string(std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, thread_count_max));
}

// Reads one of a few words; the table gives each word its value.
template <class Value, std::size_t count>
string read_word(string_view text, const std::array<std::pair<string_view, Value>, count>& words,
                 Value& into) {
    string expected;
    for (const auto& [word, value] : words) {
        if (word == text) {
            into = value;
            return {};
        }
        expected += (expected.empty() ? "" : ", ") + string(word);
    }
    return "must be one of " + expected;
}

template <class Value, std::size_t count>
string word_of(Value value, const std::array<std::pair<string_view, Value>, count>& words) {
    for (const auto& [word, meaning] : words)
        if (meaning == value) return string(word);
    return {};
}

constexpr std::array<std::pair<string_view, AppEnvironment>, 2> environments{
    {{"development", AppEnvironment::development}, {"production", AppEnvironment::production}}};
constexpr std::array<std::pair<string_view, EmailVisibility>, 3> visibilities{
    {{"public", EmailVisibility::everyone},
     {"members", EmailVisibility::members},
     {"self", EmailVisibility::self}}};
constexpr std::array<std::pair<string_view, bool>, 2> switches{{{"on", true}, {"off", false}}};
constexpr std::array<std::pair<string_view, LogLevel>, 4> levels{{{"debug", LogLevel::debug},
                                                                  {"info", LogLevel::info},
                                                                  {"warn", LogLevel::warn},
                                                                  {"error", LogLevel::error}}};

// clang-format off
const std::array<ConfigVariable, 29> table{{
    {"APP_ENV", false,
     [](const Config&) { return string("development"); },
     [](Config& c, string_view text) { return read_word(text, environments, c.app_env); },
     [](const Config& c) { return word_of(c.app_env, environments); }},
    {"HOST", false,
     [](const Config&) { return string("127.0.0.1"); },
     [](Config& c, string_view text) { return read_host(text, c.host); },
     [](const Config& c) { return c.host; }},
    {"PORT", false,
     [](const Config&) { return string("8000"); },
     [](Config& c, string_view text) { return read_number<std::uint16_t>(text, 0, 65535, c.port); },
     [](const Config& c) { return std::to_string(c.port); }},
    {"ADMIN_HOST", false,
     [](const Config&) { return string("127.0.0.1"); },
     [](Config& c, string_view text) { return read_host(text, c.admin_host); },
     [](const Config& c) { return c.admin_host; }},
    {"ADMIN_PORT", false,
     [](const Config&) { return string(); },
     read_admin_port,
     [](const Config& c) { return c.admin_port ? std::to_string(*c.admin_port) : string(); }},
    {"METRICS", false,
     [](const Config& c) { return string(c.is_production() || c.admin_port ? "off" : "on"); },
     [](Config& c, string_view text) { return read_word(text, switches, c.metrics); },
     [](const Config& c) { return word_of(c.metrics, switches); }},
    {"DOCS", false,
     [](const Config&) { return string("on"); },
     [](Config& c, string_view text) { return read_word(text, switches, c.docs); },
     [](const Config& c) { return word_of(c.docs, switches); }},
    {"TLS_CERT", false,
     [](const Config&) { return string(); },
     [](Config& c, string_view text) { c.tls_cert = std::filesystem::path(text); return string(); },
     [](const Config& c) { return c.tls_cert.string(); }},
    {"TLS_KEY", false,
     [](const Config&) { return string(); },
     [](Config& c, string_view text) { c.tls_key = std::filesystem::path(text); return string(); },
     [](const Config& c) { return c.tls_key.string(); }},
    {"TRUSTED_PROXY", false,
     [](const Config&) { return string(); },
     [](Config& c, string_view text) { return read_networks(text, c.trusted_proxies); },
     [](const Config& c) { return joined(c.trusted_proxies); }},
    {"PUBLIC_URL", false,
     default_public_url,
     [](Config& c, string_view text) {
         c.public_url = web_address_of(text, true);
         return string(c.public_url.empty() ? "must be an address such as https://api.example" : "");
     },
     [](const Config& c) { return c.public_url; }},
    {"FRONTEND_URL", false,
     [](const Config&) { return string(); },
     [](Config& c, string_view text) { return read_origins(text, c.frontend_origins); },
     [](const Config& c) { return c.localhost_origins ? string() : joined(c.frontend_origins); }},
    {"JWT_SECRET", true,
     [](const Config& c) { return string(c.is_production() ? "" : "hetic"); },
     read_secret,
     [](const Config& c) { return c.jwt_secret; }},
    {"JWT_SECRET_PREVIOUS", true,
     [](const Config&) { return string(); },
     read_previous_secret,
     [](const Config& c) { return string(c.jwt_secret_previous.empty() ? "" : "(set, not shown)"); },
     true},
    {"JWT_EXPIRES_IN", false,
     [](const Config&) { return string("7d"); },
     [](Config& c, string_view text) {
         const auto duration = duration_of(text);
         if (!duration || *duration < jwt_lifetime_min || *duration > jwt_lifetime_max)
             return string("must be a duration such as 15m, 12h, 7d or 3600 (seconds), from 1m to 366d");
         c.jwt_lifetime = *duration;
         return string();
     },
     [](const Config& c) { return duration_text(c.jwt_lifetime); }},
    {"PASSWORD_COST", false,
     [](const Config&) { return string("12"); },
     read_cost,
     [](const Config& c) { return std::to_string(c.password_cost); }},
    {"RATE_LIMIT", false,
     [](const Config& c) { return string(c.is_production() ? "on" : "off"); },
     [](Config& c, string_view text) { return read_word(text, switches, c.rate_limit); },
     [](const Config& c) { return word_of(c.rate_limit, switches); }},
    {"PROFILE_EMAIL", false,
     [](const Config& c) { return string(c.is_production() ? "self" : "public"); },
     [](Config& c, string_view text) { return read_word(text, visibilities, c.profile_email); },
     [](const Config& c) { return word_of(c.profile_email, visibilities); }},
    {"DATA_DIR", false,
     [](const Config&) { return string("data"); },
     [](Config& c, string_view text) { c.data_dir = std::filesystem::path(text); return string(); },
     [](const Config& c) { return c.data_dir.string(); }},
    {"EVENT_LOG", false,
     [](const Config& c) { return string(sqlite_scheme) + (c.data_dir / "log.db").string(); },
     read_event_log,
     shown_event_log},
    {"KAFKA_REPLICATION_FACTOR", false,
     [](const Config& c) { return string(c.is_production() ? "3" : "1"); },
     [](Config& c, string_view text) { return read_number(text, 1, kafka_replicas_max, c.kafka_replication_factor); },
     [](const Config& c) { return std::to_string(c.kafka_replication_factor); }},
    {"KAFKA_MIN_INSYNC_REPLICAS", false,
     [](const Config& c) { return string(c.is_production() ? "2" : "1"); },
     [](Config& c, string_view text) { return read_number(text, 1, kafka_replicas_max, c.kafka_min_insync_replicas); },
     [](const Config& c) { return std::to_string(c.kafka_min_insync_replicas); }},
    {"ADVERTISED_URL", false,
     default_public_url,
     [](Config& c, string_view text) {
         c.advertised_url = web_address_of(text, false);
         return string(c.advertised_url.empty() ? "must be an address such as http://10.0.0.5:8000" : "");
     },
     [](const Config& c) { return c.advertised_url; }},
    {"CLUSTER_SECRET", true,
     [](const Config& c) { return string(c.is_production() ? "" : "dacapo"); },
     read_cluster_secret,
     [](const Config& c) { return c.cluster_secret; }},
    {"DATABASE_URL", true,
     [](const Config& c) { return string(sqlite_scheme) + (c.data_dir / "read.db").string(); },
     read_database_url,
     shown_database_url,
     true},
    {"DEFAULT_TIMEZONE", false,
     [](const Config&) { return string("Europe/Paris"); },
     [](Config& c, string_view text) {
         c.default_timezone = text;
         return string(zone_exists(text) ? "" : "must be the IANA name of a time zone, such as Europe/Paris");
     },
     [](const Config& c) { return c.default_timezone; }},
    {"THREADS", false,
     default_thread_count,
     [](Config& c, string_view text) {
         return read_number<std::size_t>(text, 1, thread_count_max, c.thread_count);
     },
     [](const Config& c) { return std::to_string(c.thread_count); }},
    {"CACHE_MB", false,
     [](const Config&) { return string("256"); },
     [](Config& c, string_view text) { return read_number<std::size_t>(text, 0, cache_mb_max, c.cache_mb); },
     [](const Config& c) { return std::to_string(c.cache_mb); }},
    {"LOG_LEVEL", false,
     [](const Config&) { return string("info"); },
     [](Config& c, string_view text) { return read_word(text, levels, c.log_level); },
     [](const Config& c) { return word_of(c.log_level, levels); }},
}};
// clang-format on

}  // namespace

std::span<const ConfigVariable> config_table() { return table; }

}  // namespace dacapo
