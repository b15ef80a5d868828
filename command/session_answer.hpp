// What registering and logging in have in common: whose a name is, and the answer with a session's tokens.
#pragma once

#include "api/resources.hpp"
#include "command/handling.hpp"
#include "infra/http/route.hpp"

#include <string>
#include <string_view>

namespace dacapo {

// Who has this e-mail address or username (of `state.emails` or `state.usernames`); nobody: no id.
template <class Map>
UserId owner_in(const Map& owners, std::string_view name) {
    const auto found = owners.find(login_hash(name));
    return found == owners.end() ? UserId{} : found->second;
}

// Without tokens (an empty refresh token) when it repeats an earlier answer.
http::Response authenticated(CommandHandling& commands, const AccountRegistered& account,
                             SessionId session_id, Position position, const std::string& refresh_token);

// A command about accounts, without what is its own.
http::Route account_route(std::string pattern, std::string operation_id, std::string summary);

}  // namespace dacapo
