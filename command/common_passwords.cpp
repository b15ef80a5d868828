#include "command/common_passwords.hpp"

#include <algorithm>
#include <string>
#include <vector>

// From common_passwords.S: in lower case, one a line, the most common first.
extern "C" {
extern const char dacapo_common_passwords[];
extern const char dacapo_common_passwords_end[];
}

namespace dacapo {
namespace {

const std::vector<std::string_view>& sorted_passwords() {
    static const auto all = [] {
        std::vector<std::string_view> passwords;
        std::string_view lines(dacapo_common_passwords, dacapo_common_passwords_end);
        while (!lines.empty()) {
            const auto end = std::min(lines.find('\n'), lines.size());
            passwords.push_back(lines.substr(0, end));
            lines.remove_prefix(std::min(end + 1, lines.size()));
        }
        std::ranges::sort(passwords);
        return passwords;
    }();
    return all;
}

}  // namespace

bool password_is_common(std::string_view password) {
    std::string lower(password);
    std::ranges::transform(lower, lower.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return std::ranges::binary_search(sorted_passwords(), std::string_view(lower));
}

std::size_t common_password_count() { return sorted_passwords().size(); }

}  // namespace dacapo
