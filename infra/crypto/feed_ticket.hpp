// Tickets for live feeds: good once and for half a minute, so that a URL, which browsers and proxies write
// into their histories and logs, need not hold an access token.
#pragma once

#include "infra/crypto/digest.hpp"
#include "infra/crypto/token.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace dacapo {

struct FeedTicket {
    std::string id;  // tells it from all others
    UserId user_id;
    Role role = Role::user;
    SessionId session_id;
    Timestamp token_expires_at;  // of the access token that asked for it: the feed ends with that
    Timestamp issued_at;
    Timestamp expires_at;

    bool operator==(const FeedTicket&) const = default;
};

// Issues and verifies tickets: `dt1.<user>.<role>.<session>.<token ms>.<issued ms>.<nonce>.<mac>`. That each
// is used once is for others to see to (query/spent_tickets.hpp).
class FeedTickets {
public:
    static constexpr std::chrono::seconds lifetime{30};

    // `other_secret`: as of AccessTokens.
    explicit FeedTickets(std::string_view secret, std::string_view other_secret = {});

    // By its looks, so that it is not taken for an access token.
    static bool is_one(std::string_view text);
    // For whom `claims` names.
    std::string issue(const AccessClaims& claims, Timestamp now) const;
    // Nothing when it is not a ticket of ours for this moment.
    std::optional<FeedTicket> verify(std::string_view ticket, Timestamp now) const;

private:
    HmacKey key_;
    std::optional<HmacKey> other_key_;
};

}  // namespace dacapo
