// Prints an access token for each of the first N users of a log that `dacapo seed --users N` made.
// There session i belongs to user i, which saves a log-in, and its bcrypt hash, per user.
#include "infra/clock.hpp"
#include "infra/crypto/token.hpp"

#include <charconv>
#include <cstdio>
#include <cstring>

int main(int argument_count, char** arguments) {
    using namespace dacapo;
    std::int64_t count = 0;
    if (argument_count == 3) {
        const char* end = arguments[1] + std::strlen(arguments[1]);
        if (std::from_chars(arguments[1], end, count).ptr != end) count = 0;
    }
    if (count < 1) {
        std::fputs("usage: sign_tokens COUNT SECRET\n", stderr);
        return 2;
    }
    const AccessTokens tokens(arguments[2], "dacapo", "dacapo", std::chrono::days(7));
    const auto now = SystemClock().now();
    for (std::int64_t i = 1; i <= count; ++i) {
        AccessClaims claims;
        claims.user_id = UserId{i};
        claims.session_id = SessionId{i};
        claims.role = i == 1 ? Role::admin : Role::user;
        std::puts(tokens.issue(claims, now).c_str());
    }
    return 0;
}
