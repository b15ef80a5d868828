#include "infra/http/origin.hpp"

#include <algorithm>

namespace dacapo::http {

OriginPolicy::OriginPolicy(std::vector<std::string> allowed, bool local_allowed)
    : allowed_(std::move(allowed)), local_allowed_(local_allowed) {
    for (std::string& origin : allowed_)
        while (origin.ends_with('/')) origin.pop_back();
}

bool OriginPolicy::allows(std::string_view origin) const {
    if (origin.empty() || origin == "null") return false;
    if (std::ranges::find(allowed_, origin) != allowed_.end()) return true;
    if (!local_allowed_) return false;
    for (const std::string_view local : {"http://localhost", "http://127.0.0.1"}) {
        if (!origin.starts_with(local)) continue;
        const auto rest = origin.substr(local.size());
        const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
        // Only a port may follow: "http://localhost.evil.example" is somebody else.
        if (rest.empty()) return true;
        if (rest.front() == ':' && rest.size() > 1 && rest.size() <= 6 &&
            std::ranges::all_of(rest.substr(1), is_digit))
            return true;
    }
    return false;
}

}  // namespace dacapo::http
