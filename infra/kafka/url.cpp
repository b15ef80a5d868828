#include "infra/kafka/url.hpp"

#include <algorithm>
#include <charconv>

namespace dacapo {
namespace {

// Kafka allows 249 bytes for a topic; our longest suffix takes some.
constexpr std::size_t name_bytes_max = 200;
constexpr std::string_view default_port = "9092";
constexpr const char* expected =
    "must be kafka://HOST:PORT,HOST2:PORT/NAME, the name of letters, digits, . _ and -";

bool is_alphanumeric(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= name_bytes_max && text != "." && text != ".." &&
           std::ranges::all_of(text,
                               [](char c) { return is_alphanumeric(c) || c == '.' || c == '_' || c == '-'; });
}

bool is_port(std::string_view text) {
    int port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    return error == std::errc() && end == text.data() + text.size() && port > 0 && port < 65'536;
}

// With its port; an IPv6 address stands in brackets, as in every URL.
std::string broker_of(std::string_view text) {
    const auto bracket = text.find(']');
    const auto colon = text.find(':', bracket == text.npos ? 0 : bracket);
    const auto host = text.substr(0, colon);
    const auto port = colon == text.npos ? default_port : text.substr(colon + 1);
    const bool v6 = host.starts_with('[') && host.ends_with(']') && host.size() > 2;
    const auto inner = v6 ? host.substr(1, host.size() - 2) : host;
    const auto is_part = [&](char c) {
        return is_alphanumeric(c) || c == '.' || c == '-' || c == '_' || (v6 && c == ':');
    };
    if (inner.empty() || !std::ranges::all_of(inner, is_part) || !is_port(port))
        throw std::invalid_argument(expected);
    return std::string(host) + ':' + std::string(port);
}

}  // namespace

KafkaUrl parse_kafka_url(std::string_view text) {
    if (!text.starts_with(kafka_scheme)) throw std::invalid_argument(expected);
    text.remove_prefix(kafka_scheme.size());
    const auto slash = text.find('/');
    if (slash == text.npos || !is_name(text.substr(slash + 1))) throw std::invalid_argument(expected);
    KafkaUrl url;
    url.name = text.substr(slash + 1);
    const auto hosts = text.substr(0, slash);
    for (std::size_t at = 0; at <= hosts.size();) {
        const auto end = std::min(hosts.find(',', at), hosts.size());
        url.brokers += (url.brokers.empty() ? "" : ",") + broker_of(hosts.substr(at, end - at));
        at = end + 1;
    }
    return url;
}

}  // namespace dacapo
