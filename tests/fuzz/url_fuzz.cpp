// The URLs of PostgreSQL and of Kafka's brokers, read as settings: nothing that is said of one has its
// password, and what is shown of it means the same to who reads that.
#include "infra/config.hpp"
#include "infra/kafka/url.hpp"
#include "infra/sql/postgres_url.hpp"

#include <libpq-fe.h>
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>

using namespace dacapo;

namespace {

// With a digit behind it, each its own, these stand in a URL for bytes of 1 in the input: nothing has one by
// chance.
constexpr std::string_view marker = "Pa55word-marker-";
constexpr int marker_count_max = 8;
constexpr std::string_view hidden = "***";

void require(bool holds) {
    if (!holds) std::abort();
}

bool has(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

bool is_secret(std::string_view name) { return name == "password" || name == "sslpassword"; }

using Options = std::map<std::string, std::string>;

// As libpq reads it; empty when it does not.
Options options_of(const std::string& url) {
    Options options;
    auto* const list = PQconninfoParse(url.c_str(), nullptr);
    for (const auto* option = list; option != nullptr && option->keyword != nullptr; ++option)
        if (option->val != nullptr) options.emplace(option->keyword, option->val);
    PQconninfoFree(list);
    return options;
}

// Escapes are no cover: whoever reads them knows the letters.
std::string decoded(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto digits = text.substr(at + 1 < text.size() ? at + 1 : at, 2);
        const bool escaped =
            text[at] == '%' && digits.find_first_not_of("0123456789abcdefABCDEF") == digits.npos;
        if (escaped && digits.size() == 2) {
            out += static_cast<char>(std::stoi(std::string(digits), nullptr, 16));
            at += 2;
        } else {
            out += text[at];
        }
    }
    return out;
}

void check_postgres(const std::string& url) {
    const auto shown = sql::without_password(url);
    sql::is_local_or_verified(url);
    if (!sql::is_postgres_url(url)) return;

    const auto options = options_of(url);
    const auto told_of = decoded(shown);
    for (int number = 0; number < marker_count_max; ++number) {
        const auto one = std::string(marker) + std::to_string(number);
        bool secret = false;
        for (const auto& [name, value] : options) secret = secret || (is_secret(name) && has(value, one));
        require(!secret || !has(told_of, one));
    }
    if (shown.ends_with("://***")) return;  // all of it
    // Behind a second sign there would be what somebody meant for the end of a password.
    const auto rest = std::string_view(shown).substr(shown.find("://") + 3);
    if (const auto at = rest.find_first_of("@/"); at != rest.npos && rest[at] == '@') {
        const auto host = rest.substr(at + 1);
        require(!has(host.substr(0, host.find('?')), "@"));
    }

    // The rest means the same as before. But for an option with such a sign: once the slash of a password
    // before it is hidden, what stands there is read as the name of a user.
    if (has(shown.substr(std::min(shown.find('?'), shown.size())), "@")) return;
    require(sql::without_password(shown) == shown);
    // More is hidden than has to be: a password of no letters, and what stands behind a name in escapes.
    const auto told = options_of(shown);
    for (const auto& [name, value] : options) require(is_secret(name) || told.contains(name));
    for (const auto& [name, value] : told)
        require(has(value, hidden) ||
                (!is_secret(name) && options.contains(name) && value == options.at(name)));
}

void check_kafka(const std::string& text) {
    std::optional<KafkaUrl> url;
    try {
        url = parse_kafka_url(text);
    } catch (const std::invalid_argument& refused) {
        require(!has(refused.what(), marker));
    }
    if (!url) return;
    require(parse_kafka_url(url->text()) == *url);
    require(!has(url->brokers, "/") && !has(url->brokers, "@") && !has(url->name, "/"));
}

// What the program says at its start, whichever variable the URL was put into by mistake.
void check_settings(const std::string& url) {
    const auto read_nothing = [](const std::string&) { return std::nullopt; };
    for (const auto* name : {"DATABASE_URL", "EVENT_LOG"}) {
        try {
            const auto config = load_config({}, {{name, url}}, {}, read_nothing);
            for (const auto& warning : config.warnings) require(!has(warning, marker));
        } catch (const ConfigErrors& errors) {
            for (const auto& line : errors.lines) require(!has(line, marker));
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (has(decoded(text), marker)) return 0;  // The fuzzer learns it by and by.
    std::string url;
    int number = 0;
    for (const char byte : text) {
        if (byte == 1 && number < marker_count_max)
            url += std::string(marker) + std::to_string(number++);
        else if (byte != 0)  // where libpq's texts end
            url += byte;
    }
    check_postgres(url);
    check_kafka(url);
    check_settings(url);
    return 0;
}
