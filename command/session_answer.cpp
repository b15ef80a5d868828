#include "command/session_answer.hpp"

namespace dacapo {
namespace {

api::User user_of(const AccountRegistered& account) {
    api::User user;
    user.id = account.user_id;
    user.username = account.username;
    user.email = account.email;
    user.full_name = account.full_name;
    user.role = account.role;
    user.created_at = account.registered_at;
    return user;
}

}  // namespace

http::Response authenticated(CommandHandling& commands, const AccountRegistered& account,
                             SessionId session_id, Position position, const std::string& refresh_token) {
    api::Authenticated answer;
    answer.user = user_of(account);
    answer.id = account.user_id;
    answer.username = account.username;
    answer.email = account.email;
    answer.full_name = account.full_name;
    answer.role = account.role;
    answer.created_at = account.registered_at;
    if (!refresh_token.empty()) {
        AccessClaims claims;
        claims.user_id = account.user_id;
        claims.role = account.role;
        claims.session_id = session_id;
        claims.position = position;
        answer.access_token = commands.access_tokens().issue(claims, commands.clock().now());
        answer.token = answer.access_token;
        answer.expires_in = commands.access_tokens().lifetime().count();
        answer.refresh_token = refresh_token;
    }
    http::Response response;
    response.body = api::to_json(answer);
    return response;
}

http::Route account_route(std::string pattern, std::string operation_id, std::string summary) {
    http::Route route;
    route.method = http::Method::post;
    route.pattern = std::move(pattern);
    route.operation_id = std::move(operation_id);
    route.tag = "accounts";
    route.summary = std::move(summary);
    route.command = true;
    return route;
}

}  // namespace dacapo
