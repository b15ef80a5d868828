#include "infra/config_outbound.hpp"

#include "infra/loopback.hpp"
#include "infra/sql/postgres_url.hpp"

#include <algorithm>
#include <cctype>

namespace dacapo {
namespace {

std::string lower(std::string text) {
    std::ranges::transform(text, text.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

// In lower case; empty when it is left to librdkafka.
std::string property(const Config& config, const std::string& name) {
    const auto found = config.kafka_properties.find(name);
    return found == config.kafka_properties.end() ? std::string() : lower(found->second);
}

// `host:9092,host2:9092`
bool all_on_loopback(std::string_view brokers) {
    while (!brokers.empty()) {
        const auto broker = brokers.substr(0, brokers.find(','));
        if (!is_loopback(broker.substr(0, broker.rfind(':')))) return false;
        brokers.remove_prefix(std::min(broker.size() + 1, brokers.size()));
    }
    return true;
}

void judge_brokers(const Config& config, std::vector<std::string>& warnings) {
    const auto protocol = property(config, "security.protocol");
    if (protocol != "ssl" && protocol != "sasl_ssl") {
        warnings.emplace_back(
            "KAFKA_SECURITY_PROTOCOL: events cross the network in clear; set ssl or sasl_ssl");
        return;
    }
    const auto verification = property(config, "enable.ssl.certificate.verification");
    if (verification == "false" || verification == "f" || verification == "0" || verification == "no")
        warnings.emplace_back(
            "KAFKA_ENABLE_SSL_CERTIFICATE_VERIFICATION: whoever answers is taken for a broker");
    if (property(config, "ssl.endpoint.identification.algorithm") == "none")
        warnings.emplace_back(
            "KAFKA_SSL_ENDPOINT_IDENTIFICATION_ALGORITHM: any certificate of the authority passes for a "
            "broker's");
}

}  // namespace

std::vector<std::string> outbound_warnings(const Config& config) {
    std::vector<std::string> warnings;
    if (!config.is_production()) return warnings;
    if (config.database_file.empty() && !sql::is_local_or_verified(config.database_url))
        warnings.emplace_back(
            "DATABASE_URL: whoever answers is taken for the database, perhaps in clear; add "
            "sslmode=verify-full and sslrootcert");
    if (config.event_log_kafka && !all_on_loopback(config.event_log_kafka->brokers))
        judge_brokers(config, warnings);
    return warnings;
}

}  // namespace dacapo
