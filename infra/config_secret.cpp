#include "infra/config_secret.hpp"

#include "infra/config.hpp"

#include <algorithm>
#include <array>
#include <bitset>

namespace dacapo {
namespace {

// From examples that everyone can read, in lower case: the command that .env.example names, where nothing ran
// it; what examples have in the place of a secret; the keys of jwt.io.
constexpr std::array<std::string_view, 10> from_examples{
    "openssl rand",        "changeme",
    "change-me",           "change_me",
    "your-secret",         "your_secret",
    "replace-me",          "replace_me",
    "your-256-bit-secret", "a-string-secret-at-least-256-bits-long",
};

int distinct_bytes(std::string_view text) {
    std::bitset<256> seen;
    for (const char c : text) seen.set(static_cast<unsigned char>(c));
    return static_cast<int>(seen.count());
}

// Whether the text is something short of a secret, written at least twice.
bool repeats(std::string_view text) {
    const auto length_max = std::min(text.size() / 2, jwt_secret_bytes_min - 1);
    for (std::size_t length = 1; length <= length_max; ++length)
        if (text.substr(length) == text.substr(0, text.size() - length)) return true;
    return false;
}

bool is_example(std::string_view text) {
    std::string lower(text);
    std::ranges::transform(lower, lower.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return std::ranges::any_of(from_examples,
                               [&](std::string_view known) { return lower.find(known) != lower.npos; });
}

}  // namespace

std::string fault_of_secret(std::string_view text) {
    if (text.size() < jwt_secret_bytes_min) return "must have at least 32 bytes in production";
    if (is_example(text)) return "must be what `openssl rand -base64 48` prints, and not out of an example";
    if (repeats(text)) return "must not be something short that repeats";
    if (distinct_bytes(text) < secret_distinct_bytes_min)
        return "must have at least 8 different characters in production";
    return {};
}

}  // namespace dacapo
