// The two tokens that a log-in gives: a short-lived access token (JWT, RFC 7519) and an opaque refresh token.
// Here because a token is the only proof of who asks: both are strict, and neither passes for the other.
#pragma once

#include "events/account_events.hpp"
#include "infra/crypto/digest.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dacapo {

// What an access token says. Times are whole seconds.
struct AccessClaims {
    UserId user_id;             // `sub`, in digits
    Role role = Role::user;     // `role`
    SessionId session_id;       // `sid`
    std::int64_t position = 0;  // `pos`: where the session's own record stands in the log
    Timestamp issued_at;        // `iat`
    Timestamp expires_at;       // `exp`

    bool operator==(const AccessClaims&) const = default;
};

inline constexpr std::size_t access_token_bytes_max = 8 * 1024;
// How far the clock of another server may be ahead; an expired token has no such grace.
inline constexpr std::chrono::seconds clock_skew_max{60};
// Tokens of which each thread remembers that their signature was good.
inline constexpr std::size_t verified_tokens_per_thread_max = 32 * 1024;

// Issues and verifies access tokens: JWS compact form, HS256 under the secret itself, `typ` at+jwt (RFC
// 9068). Following RFC 8725 the algorithm comes from the key: a header other than our own, byte for byte, is
// refused.
class AccessTokens {
public:
    static constexpr std::string_view header = R"({"alg":"HS256","typ":"at+jwt"})";

    // `other_secret`: what was signed with it holds as well, while the secrets are exchanged; empty: none is.
    AccessTokens(std::string_view secret, std::string issuer, std::string audience,
                 std::chrono::seconds lifetime, std::string_view other_secret = {});

    // Sets `iat` to now and `exp` a lifetime later, whatever `claims` says of them.
    std::string issue(AccessClaims claims, Timestamp now) const;
    // Nothing when it is not a token of ours for this moment. Whether its session still lives is for others
    // to say.
    std::optional<AccessClaims> verify(std::string_view token, Timestamp now) const;
    // The same, but a token seen before by this thread costs a look-up; its times are checked each time.
    std::optional<AccessClaims> verify_cached(std::string_view token, Timestamp now) const;

    std::chrono::seconds lifetime() const { return lifetime_; }

private:
    std::optional<AccessClaims> read(std::string_view token) const;
    bool is_signed(std::string_view text, std::string_view mac) const;

    HmacKey key_;
    std::optional<HmacKey> other_key_;
    std::string issuer_;
    std::string audience_;
    std::chrono::seconds lifetime_;
    std::string header_text_;  // in base64url, with its dot
    std::uint64_t instance_;   // tells the per-thread caches whose tokens they hold
};

// Issues and checks refresh tokens: `dr1.<session>.<nonce>.<mac>`. Only their SHA-256 is ever stored.
class RefreshTokens {
public:
    // `other_secret`: as of AccessTokens.
    explicit RefreshTokens(std::string_view secret, std::string_view other_secret = {});

    std::string issue(SessionId session_id) const;
    // Always the same one for the same token, so that a client that lost the answer may ask again.
    // `known_hash`: of the session's present token. If that is the successor which a server gave that signs
    // with the other secret, it is given again. The token must be one of ours: throws std::invalid_argument
    // otherwise.
    std::string successor_of(std::string_view token, std::string_view known_hash = {}) const;
    // The session it belongs to, when it was issued here. Whether it is spent is the session's own decision.
    std::optional<SessionId> verify(std::string_view token) const;

private:
    struct Keys {
        explicit Keys(std::string_view secret);
        std::string with_mac(SessionId session_id, std::string_view nonce) const;
        std::string successor_of(SessionId session_id, std::string_view token) const;

        HmacKey mac;
        HmacKey successor;
    };

    Keys keys_;
    std::optional<Keys> other_keys_;
};

// What the log keeps of a refresh token: SHA-256 in hexadecimal.
std::string refresh_hash(std::string_view refresh_token);

}  // namespace dacapo
