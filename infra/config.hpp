// Everything that can be configured, read once at the start from flags, the environment and `.env`.
// Pure and strict: all faults are found in one go, and a value that nobody understands stops the start.
#pragma once

#include "infra/kafka/properties.hpp"
#include "infra/kafka/url.hpp"
#include "infra/log_lines.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace dacapo {

enum class AppEnvironment { development, production };
// Who sees the e-mail address on somebody's profile.
enum class EmailVisibility { everyone, members, self };

struct Config {
    AppEnvironment app_env = AppEnvironment::development;  // APP_ENV, or NODE_ENV
    std::string host;                                      // HOST: address to listen on
    std::uint16_t port = 0;                                // PORT; 0: any free one
    bool docs = false;                                     // DOCS: whether /docs and /openapi.json are served
    bool metrics = false;                                  // METRICS: whether /metrics is served on PORT
    std::string admin_host;                                // ADMIN_HOST
    std::optional<std::uint16_t> admin_port;               // ADMIN_PORT: metrics and health, for operators
    std::filesystem::path tls_cert;                        // TLS_CERT: the chain, PEM; empty: plain HTTP
    std::filesystem::path tls_key;                         // TLS_KEY
    std::vector<std::string> trusted_proxies;              // TRUSTED_PROXY: addresses and networks
    std::size_t thread_count = 0;                          // THREADS: I/O threads
    std::size_t cache_mb = 0;                              // CACHE_MB: answers kept in memory; 0: none
    std::filesystem::path data_dir;                        // DATA_DIR
    std::filesystem::path event_log_file;                  // EVENT_LOG, the path of a sqlite: URL, else empty
    std::optional<KafkaUrl> event_log_kafka;               // EVENT_LOG, when it is a kafka: URL
    kafka::Properties kafka_properties;                    // KAFKA_<PROPERTY>, by librdkafka's names
    int kafka_replication_factor = 1;                      // KAFKA_REPLICATION_FACTOR
    int kafka_min_insync_replicas = 1;                     // KAFKA_MIN_INSYNC_REPLICAS
    std::string database_url;                              // DATABASE_URL, sqlite: or postgresql:
    std::filesystem::path database_file;                   // the path of a sqlite: one, else empty
    std::string jwt_secret;                                // JWT_SECRET
    std::string jwt_secret_previous;                       // JWT_SECRET_PREVIOUS; empty: none is exchanged
    std::chrono::seconds jwt_lifetime{};                   // JWT_EXPIRES_IN
    std::vector<std::string> frontend_origins;  // FRONTEND_URL: allowed by CORS, without a trailing slash
    bool localhost_origins = false;             // also every http origin on localhost and 127.0.0.1
    std::string public_url;                     // PUBLIC_URL, without a trailing slash
    std::string advertised_url;    // ADVERTISED_URL: how other servers of the cluster reach this one
    std::string cluster_secret;    // CLUSTER_SECRET: servers sign with it what they ask of each other
    bool rate_limit = false;       // RATE_LIMIT
    int password_cost = 0;         // PASSWORD_COST
    std::string default_timezone;  // DEFAULT_TIMEZONE, an IANA name
    EmailVisibility profile_email = EmailVisibility::self;  // PROFILE_EMAIL
    LogLevel log_level = LogLevel::info;                    // LOG_LEVEL

    std::vector<std::string> warnings;  // to be logged at the start

    bool has_tls() const { return !tls_cert.empty(); }
    bool is_production() const { return app_env == AppEnvironment::production; }
};

// Every fault, one a line. The caller prints them and ends with exit code 2.
struct ConfigErrors : std::runtime_error {
    explicit ConfigErrors(std::vector<std::string> faults);
    std::vector<std::string> lines;
};

using Environment = std::map<std::string, std::string>;
// The text of a file, or nothing when it cannot be read.
using ReadFile = std::function<std::optional<std::string>(const std::string& path)>;

// `flags` are `--name value` or `--name=value`, the variable's name in lower case with hyphens. Precedence:
// flag, environment, `.env`, default; an empty value in the last two counts as not set. Of a secret NAME also
// NAME_FILE is taken: the file that holds it. Messages never show a value. Throws ConfigErrors.
Config load_config(const std::vector<std::string>& flags, const Environment& environment,
                   std::string_view env_file, const ReadFile& read_file);

// The names of all variables, as in `.env.example`; without the NAME_FILE of secrets and the alias NODE_ENV.
std::vector<std::string> config_variables();

// `NAME=value` lines in the order of `.env.example`; secrets are redacted.
std::string describe(const Config& config);

// What load_config() is given outside of tests.
Environment process_environment();
std::optional<std::string> read_small_file(const std::string& path);

// At least this much, or the start is refused in production (RFC 7518, 3.2).
inline constexpr std::size_t jwt_secret_bytes_min = 32;
inline constexpr int password_cost_production_min = 10;
inline constexpr std::size_t config_file_bytes_max = 64 * 1024;

}  // namespace dacapo
