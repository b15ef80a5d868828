#include "infra/sql/postgres_url.hpp"

#include "infra/loopback.hpp"

#include <libpq-fe.h>
#include <algorithm>

namespace dacapo::sql {

namespace {

constexpr std::string_view hidden = "***";

// Options that hold a secret; names may be percent-encoded, so one that is not plain is hidden as well.
bool may_be_secret(std::string_view name) {
    return name == "password" || name == "sslpassword" || name.find('%') != name.npos;
}

// Of a list by commas, as libpq takes several hosts. No host, a path and an `@` are local sockets.
bool all_local(std::string_view hosts) {
    while (!hosts.empty()) {
        const auto host = hosts.substr(0, hosts.find(','));
        if (!host.empty() && host.front() != '/' && host.front() != '@' && !is_loopback(host)) return false;
        hosts.remove_prefix(std::min(host.size() + 1, hosts.size()));
    }
    return true;
}

}  // namespace

bool is_postgres_url(const std::string& url) {
    if (!url.starts_with("postgresql://") && !url.starts_with("postgres://")) return false;
    auto* const options = PQconninfoParse(url.c_str(), nullptr);
    PQconninfoFree(options);
    return options != nullptr;
}

bool is_local_or_verified(const std::string& url) {
    auto* const options = PQconninfoParse(url.c_str(), nullptr);
    std::string hosts, addresses, mode;
    bool elsewhere = options == nullptr;
    for (const auto* option = options; option != nullptr && option->keyword != nullptr; ++option) {
        if (option->val == nullptr) continue;
        const std::string_view name(option->keyword);
        if (name == "host") hosts = option->val;
        if (name == "hostaddr") addresses = option->val;
        if (name == "sslmode") mode = option->val;
        if (name == "service") elsewhere = true;  // Where it is stands in a file that libpq reads.
    }
    PQconninfoFree(options);
    return mode == "verify-full" || (!elsewhere && all_local(addresses.empty() ? hosts : addresses));
}

std::string without_password(std::string_view url) {
    const auto scheme_end = url.find("://");
    if (scheme_end == url.npos) return std::string(hidden);
    std::string shown(url.substr(0, scheme_end + 3));
    auto rest = url.substr(scheme_end + 3);
    // As libpq has it: user and password end at the first `@`, if no `/` comes before.
    if (const auto at = rest.find_first_of("@/"); at != rest.npos && rest[at] == '@') {
        const auto user = rest.substr(0, std::min(rest.find(':'), at));
        shown.append(user);
        if (user.size() < at) shown.append(":").append(hidden);
        rest.remove_prefix(at + 1);
        shown += '@';
    }
    const auto question = std::min(rest.find('?'), rest.size());
    const auto hosts = rest.substr(0, question);
    // Another `@` is part of a password that should have been encoded. In brackets libpq takes a question
    // mark for a part of the host, so that what it reads as options begins elsewhere.
    const auto open = hosts.rfind('[');
    const bool in_brackets = open != hosts.npos && hosts.find(']', open) == hosts.npos;
    if (in_brackets || hosts.find('@') != hosts.npos)
        return std::string(url.substr(0, scheme_end + 3)).append(hidden);
    shown.append(hosts);
    for (auto options = rest.substr(question); !options.empty();) {
        const auto end = std::min(options.find('&', 1), options.size());
        const auto option = options.substr(0, end);
        const auto equals = std::min(option.find('='), option.size());
        shown.append(option.substr(0, equals));
        if (equals < option.size())
            shown.append("=").append(may_be_secret(option.substr(1, equals - 1)) ? hidden
                                                                                 : option.substr(equals + 1));
        options.remove_prefix(end);
    }
    return shown;
}

}  // namespace dacapo::sql
