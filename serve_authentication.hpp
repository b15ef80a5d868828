// Whose token a request brings: its signature, its time and its session, which may have been opened or ended
// on another server a moment ago.
#pragma once

#include "infra/clock.hpp"
#include "infra/crypto/token.hpp"
#include "infra/http/message.hpp"
#include "infra/session_registry.hpp"

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace dacapo {

// Throws Problem (401 `token_invalid`).
[[noreturn]] void refuse_token();

class Authentication {
public:
    // `session_wait`: for a session that was opened on another server; none where there is no other.
    Authentication(const AccessTokens& tokens, const SessionRegistry& sessions, const Clock& clock,
                   std::chrono::milliseconds session_wait)
        : tokens_(tokens), sessions_(sessions), clock_(clock), session_wait_(session_wait) {}

    // Nothing when the token is bad, its session has ended, or it is not known here (yet).
    std::optional<http::Principal> known(std::string_view token) const;
    // Waits for a session that is not known here yet. Throws Problem (401).
    boost::asio::awaitable<http::Principal> awaited(std::string token) const;
    // When the token ends. Of a token that is known.
    Timestamp end_of(std::string_view token) const;
    // Whether the session lives, after the same waiting.
    boost::asio::awaitable<bool> session_lives(SessionId session) const;
    bool lives(SessionId session) const {
        return sessions_.standing(session) == SessionRegistry::Standing::live;
    }

private:
    const AccessTokens& tokens_;
    const SessionRegistry& sessions_;
    const Clock& clock_;
    const std::chrono::milliseconds session_wait_;
};

}  // namespace dacapo
