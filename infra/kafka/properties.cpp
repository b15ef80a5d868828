#include "infra/kafka/properties.hpp"

#include <algorithm>
#include <array>

namespace dacapo::kafka {
namespace {

constexpr std::string_view variable_prefix = "KAFKA_";
// About the topics that `migrate` makes, not about clients.
constexpr std::array<std::string_view, 2> topic_variables{"KAFKA_REPLICATION_FACTOR",
                                                          "KAFKA_MIN_INSYNC_REPLICAS"};

constexpr std::string_view file_suffix = "_FILE";
constexpr std::array<std::string_view, 4> secrets{"sasl.password", "ssl.key.password",
                                                  "ssl.keystore.password", "sasl.oauthbearer.client.secret"};

struct Fixed {
    std::string_view property;
    std::string_view why;
};
constexpr std::string_view durable = "an acknowledged event must be on every in-sync replica";
constexpr std::string_view ordered =
    "a producer with several requests on their way may end with a fatal error";
constexpr std::string_view complete = "a reader that skips records in silence shows wrong state";
constexpr std::string_view positions =
    "positions are kept beside what was made of the records, not by the brokers";
constexpr std::string_view ours = "the event log sets it itself";
constexpr std::array<Fixed, 22> fixed{{
    {"acks", durable},
    {"request.required.acks", durable},
    {"enable.idempotence", durable},
    {"enable.gapless.guarantee", ordered},
    {"max.in.flight", ordered},
    {"max.in.flight.requests.per.connection", ordered},
    {"auto.offset.reset", complete},
    {"check.crcs", complete},
    {"isolation.level", complete},
    {"enable.auto.commit", positions},
    {"auto.commit.enable", positions},
    {"enable.auto.offset.store", positions},
    {"transactional.id", ours},
    {"group.id", ours},
    {"group.instance.id", ours},
    {"partition.assignment.strategy", ours},
    {"delivery.report.only.error", ours},
    {"enable.partition.eof", ours},
    {"allow.auto.create.topics", ours},
    {"bootstrap.servers", "the brokers stand in EVENT_LOG"},
    {"metadata.broker.list", "the brokers stand in EVENT_LOG"},
    {"builtin.features", ours},
}};

}  // namespace

std::optional<std::string> property_of_variable(std::string_view variable) {
    if (!variable.starts_with(variable_prefix) || variable.size() == variable_prefix.size())
        return std::nullopt;
    if (std::ranges::find(topic_variables, variable) != topic_variables.end()) return std::nullopt;
    std::string property;
    for (const char c : variable.substr(variable_prefix.size()))
        property += c == '_' ? '.' : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return property;
}

std::optional<std::string> secret_of_file_variable(std::string_view variable) {
    if (!variable.ends_with(file_suffix)) return std::nullopt;
    variable.remove_suffix(file_suffix.size());
    const auto property = property_of_variable(variable);
    if (!property || std::ranges::find(secrets, *property) == secrets.end()) return std::nullopt;
    return std::string(variable);
}

std::string refusal_of_property(std::string_view property) {
    for (const auto& [name, why] : fixed)
        if (name == property) return "is fixed: " + std::string(why);
    return {};
}

}  // namespace dacapo::kafka
