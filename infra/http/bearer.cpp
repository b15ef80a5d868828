#include "infra/http/bearer.hpp"

#include <algorithm>

namespace dacapo::http {

std::string_view bearer_token(std::string_view authorization) {
    constexpr std::string_view scheme = "bearer ";
    if (authorization.size() <= scheme.size()) return {};
    const auto same = [](char one, char lower) { return (one | 0x20) == (lower | 0x20); };
    if (!std::equal(scheme.begin(), scheme.end(), authorization.begin(), same)) return {};
    authorization.remove_prefix(scheme.size());
    while (authorization.starts_with(' ')) authorization.remove_prefix(1);
    return authorization;
}

Problem token_missing(std::string_view detail) {
    Problem problem(401, "token_missing", std::string(detail));
    problem.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"dacapo\"");
    return problem;
}

Problem token_invalid(std::string_view detail) {
    Problem problem(401, "token_invalid", std::string(detail));
    problem.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"dacapo\", error=\"invalid_token\"");
    return problem;
}

}  // namespace dacapo::http
