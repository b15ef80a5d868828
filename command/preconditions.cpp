#include "command/preconditions.hpp"

#include "infra/http/problem.hpp"

#include <algorithm>
#include <string_view>

namespace dacapo {
namespace {

std::string_view trimmed(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return text;
}

// By strong comparison: a weak tag names none.
bool names_version(std::string_view tags, std::int64_t version) {
    const auto wanted = "\"v" + std::to_string(version);
    while (!tags.empty()) {
        const auto end = std::min(tags.find(','), tags.size());
        const auto tag = trimmed(tags.substr(0, end));
        if (tag.starts_with(wanted) && tag.size() > wanted.size() &&
            (tag[wanted.size()] == '"' || tag[wanted.size()] == '-'))
            return true;
        tags.remove_prefix(std::min(end + 1, tags.size()));
    }
    return false;
}

}  // namespace

void Preconditions::check(std::int64_t version) const {
    if (!if_match.empty() && if_match != "*" && !names_version(if_match, version))
        throw http::Problem(412, "precondition_failed", "It has been changed since the version you name.");
    if (if_none_match == "*" || names_version(if_none_match, version))
        throw http::Problem(412, "precondition_failed", "It is there, in the version that you exclude.");
}

}  // namespace dacapo
