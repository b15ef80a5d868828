#include "infra/config.hpp"

#include "infra/client_address.hpp"
#include "infra/config_outbound.hpp"
#include "infra/config_variables.hpp"
#include "infra/env_file.hpp"
#include "infra/loopback.hpp"
#include "infra/sql/postgres_url.hpp"

#include <unistd.h>
#include <algorithm>
#include <fstream>

namespace dacapo {
namespace {

constexpr std::string_view file_suffix = "_FILE";
constexpr std::string_view app_env = "APP_ENV";
constexpr std::string_view app_env_alias = "NODE_ENV";

struct Found {
    std::string text;
    std::string source;  // "--port", "PORT", "PORT in .env"
};

std::string flag_of(std::string_view name) {
    std::string flag = "--";
    for (const char c : name)
        flag += c == '_' ? '-' : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return flag;
}

// Every name that may be set, with the variable it belongs to.
const ConfigVariable* variable_of(std::string_view name) {
    if (name == app_env_alias) name = app_env;
    for (const auto& variable : config_table()) {
        if (name == variable.name) return &variable;
        if (variable.secret && name == std::string(variable.name) + std::string(file_suffix))
            return &variable;
    }
    return nullptr;
}

// The path of a file is no secret, and neither is a URL without a password.
bool holds_secret(const ConfigVariable& variable, const std::string& text) {
    if (!variable.shows_safely) return true;
    return !text.starts_with("sqlite:") && sql::without_password(text) != text;
}

class Loader {
public:
    Loader(const std::vector<std::string>& flags, const Environment& environment, std::string_view env_file,
           const ReadFile& read_file)
        : environment_(environment), read_file_(read_file) {
        read_flags(flags);
        auto file = parse_env_file(env_file);
        errors_ = std::move(file.errors);
        for (auto& [name, text] : file.variables) {
            if (!variable_of(name) && !kafka::property_of_variable(name))
                config_.warnings.push_back(name + " in .env is not known to this version");
            env_file_.emplace(std::move(name), std::move(text));
        }
        errors_.insert(errors_.end(), flag_errors_.begin(), flag_errors_.end());
    }

    Config load() {
        for (const auto& variable : config_table()) take(variable);
        if (config_.event_log_kafka) {
            take_kafka_properties(env_file_);
            take_kafka_properties(environment_);
        }
        check_together();
        if (!errors_.empty()) throw ConfigErrors(std::move(errors_));
        return std::move(config_);
    }

private:
    void read_flags(const std::vector<std::string>& flags) {
        for (std::size_t i = 0; i < flags.size(); ++i) {
            const auto equals = flags[i].find('=');
            const auto flag = flags[i].substr(0, equals);
            const auto name = name_of_flag(flag);
            if (name.empty()) {
                // What it is stays untold: it may be a secret in the wrong place.
                flag_errors_.push_back(flag.starts_with("--") ? flag + ": no such flag"
                                                              : "an argument without a flag");
                continue;
            }
            if (equals == flag.npos && i + 1 == flags.size()) {
                flag_errors_.push_back(flag + ": a value is missing");
                continue;
            }
            auto text = equals == flag.npos ? flags[++i] : flags[i].substr(equals + 1);
            if (!flags_.emplace(name, std::move(text)).second) flag_errors_.push_back(flag + ": given twice");
        }
    }

    static std::string name_of_flag(std::string_view flag) {
        for (const auto& variable : config_table()) {
            if (flag == flag_of(variable.name)) return std::string(variable.name);
            const auto file = std::string(variable.name) + std::string(file_suffix);
            if (variable.secret && flag == flag_of(file)) return file;
        }
        return {};
    }

    // The value under one name, from the first source that has it.
    std::optional<Found> find(const std::string& name) {
        if (const auto flag = flags_.find(name); flag != flags_.end())
            return Found{flag->second, flag_of(name)};
        if (const auto set = environment_.find(name); set != environment_.end() && !set->second.empty())
            return Found{set->second, name};
        if (const auto set = env_file_.find(name); set != env_file_.end() && !set->second.empty())
            return Found{set->second, name + " in .env"};
        return std::nullopt;
    }

    std::optional<Found> find(const ConfigVariable& variable) {
        const std::string name(variable.name);
        auto found = find(name);
        if (name == app_env && !found) found = find(std::string(app_env_alias));
        if (!variable.secret) return found;
        if (found && found->source.starts_with("--") && holds_secret(variable, found->text)) {
            const auto told =
                " shows a secret to everyone who may list processes; use " + name + std::string(file_suffix);
            if (config_.is_production())
                errors_.push_back(found->source + ":" + told);
            else
                config_.warnings.push_back(found->source + told);
        }
        const auto file = find(name + std::string(file_suffix));
        if (!file) return found;
        if (found) {
            errors_.push_back(found->source + " and " + file->source + ": only one of them may be set");
            return found;
        }
        auto text = text_of_secret(file->text);
        if (!text) {
            errors_.push_back(file->source + ": the file cannot be read");
            return Found{{}, file->source};
        }
        return Found{std::move(*text), file->source};
    }

    void take(const ConfigVariable& variable) {
        const auto error_count = errors_.size();
        auto found = find(variable);
        if (errors_.size() > error_count) return;
        if (!found) {
            const auto text = variable.default_text(config_);
            defaulted(variable, text);
            if (!text.empty()) variable.read(config_, text);
            return;
        }
        if (found->text.find('\0') != found->text.npos) found->text.clear();
        const auto fault =
            found->text.empty() ? std::string("is empty") : variable.read(config_, found->text);
        if (!fault.empty()) errors_.push_back(found->source + ": " + fault);
    }

    // Any of librdkafka's, which has hundreds, but for those that safety rests on. Whether a name and its
    // value are good, librdkafka itself says when it starts.
    void take_kafka_properties(const Environment& variables) {
        for (const auto& [name, text] : variables) {
            const auto secret = kafka::secret_of_file_variable(name);
            const auto property = kafka::property_of_variable(secret ? *secret : name);
            if (!property || text.empty()) continue;
            if (const auto refusal = kafka::refusal_of_property(*property); !refusal.empty())
                errors_.push_back(name + ": " + refusal);
            else if (secret)
                take_kafka_secret(name, *secret, *property, text);
            else
                config_.kafka_properties.insert_or_assign(*property, text);
        }
    }

    void take_kafka_secret(const std::string& name, const std::string& in_clear, const std::string& property,
                           const std::string& path) {
        if (find(name)->text != path) return;  // Said again where it counts more.
        if (find(in_clear)) {
            errors_.push_back(in_clear + " and " + name + ": only one of them may be set");
            return;
        }
        auto text = text_of_secret(path);
        if (!text)
            errors_.push_back(name + ": the file cannot be read");
        else if (text->empty())
            errors_.push_back(name + ": is empty");
        else
            config_.kafka_properties.insert_or_assign(property, std::move(*text));
    }

    // Without the line's end that an editor puts there.
    std::optional<std::string> text_of_secret(const std::string& path) const {
        auto text = read_file_(path);
        while (text && (text->ends_with('\n') || text->ends_with('\r'))) text->pop_back();
        return text;
    }

    void defaulted(const ConfigVariable& variable, const std::string& text) {
        if (variable.name == "FRONTEND_URL") config_.localhost_origins = !config_.is_production();
        if (variable.name != "JWT_SECRET") return;
        if (text.empty())
            errors_.push_back("JWT_SECRET: must be set in production, with at least 32 bytes");
        else
            config_.warnings.push_back(
                "JWT_SECRET is not set: tokens are signed with a secret that everyone knows");
    }

    void check_together() {
        if (config_.event_log_kafka && config_.is_production() && config_.cluster_secret.empty())
            errors_.push_back("CLUSTER_SECRET: must be set in production, with at least 32 bytes");
        if (!config_.event_log_file.empty() &&
            config_.event_log_file.lexically_normal() == config_.database_file.lexically_normal())
            errors_.push_back("EVENT_LOG and DATABASE_URL: must be two files");
        if (config_.tls_cert.empty() != config_.tls_key.empty())
            errors_.push_back("TLS_CERT and TLS_KEY: both must be set, or neither");
        if (config_.has_tls() && config_.event_log_kafka)
            errors_.push_back("TLS_CERT: the servers of a cluster speak plain HTTP; let the proxy end TLS");
        // Tokens and passwords would cross the network in clear.
        if (config_.is_production() && !config_.has_tls() && config_.trusted_proxies.empty() &&
            !is_loopback(config_.host))
            errors_.push_back(
                "HOST: in production plain HTTP is served on loopback only; set TLS_CERT and TLS_KEY, or "
                "TRUSTED_PROXY to the proxy that ends TLS");
        if (config_.is_production() && config_.admin_port && config_.trusted_proxies.empty() &&
            !is_loopback(config_.admin_host) && !is_private_address(config_.admin_host))
            errors_.push_back(
                "ADMIN_HOST: in production it must be an address of a private network, or TRUSTED_PROXY set");
        if (config_.kafka_min_insync_replicas > config_.kafka_replication_factor)
            errors_.push_back("KAFKA_MIN_INSYNC_REPLICAS: must not be more than KAFKA_REPLICATION_FACTOR");
        if (config_.admin_port && config_.admin_port == config_.port && config_.port != 0)
            errors_.push_back("ADMIN_PORT and PORT: must be two ports");
        for (auto& warning : outbound_warnings(config_)) config_.warnings.push_back(std::move(warning));
    }

    const Environment& environment_;
    const ReadFile& read_file_;
    Environment flags_;
    Environment env_file_;
    std::vector<std::string> flag_errors_;
    std::vector<std::string> errors_;
    Config config_;
};

std::string lines_of(const std::vector<std::string>& lines) {
    std::string all;
    for (const auto& line : lines) all += (all.empty() ? "" : "\n") + line;
    return all;
}

}  // namespace

ConfigErrors::ConfigErrors(std::vector<std::string> faults)
    : std::runtime_error(lines_of(faults)), lines(std::move(faults)) {}

Config load_config(const std::vector<std::string>& flags, const Environment& environment,
                   std::string_view env_file, const ReadFile& read_file) {
    return Loader(flags, environment, env_file, read_file).load();
}

std::vector<std::string> config_variables() {
    std::vector<std::string> names;
    for (const auto& variable : config_table()) names.emplace_back(variable.name);
    return names;
}

std::string describe(const Config& config) {
    std::string lines;
    for (const auto& variable : config_table()) {
        lines += variable.name;
        lines += '=';
        lines += variable.secret && !variable.shows_safely ? "(set, not shown)" : variable.show(config);
        lines += '\n';
    }
    return lines;
}

Environment process_environment() {
    Environment environment;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        const auto equals = text.find('=');
        if (equals != text.npos) environment.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return environment;
}

std::optional<std::string> read_small_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::string text(config_file_bytes_max + 1, '\0');
    if (!file.read(text.data(), static_cast<std::streamsize>(text.size())) && !file.eof())
        return std::nullopt;
    text.resize(static_cast<std::size_t>(file.gcount()));
    if (text.size() > config_file_bytes_max) return std::nullopt;
    return text;
}

}  // namespace dacapo
