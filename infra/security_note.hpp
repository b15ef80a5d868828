// What the security log tells of one request, as whoever answers it notes it down: which kind, and about
// whom. Small and apart, because every request may carry one; security_log.hpp writes them.
#pragma once

#include "events/account_events.hpp"

namespace dacapo {

// All that is ever told, and no more.
enum class SecurityEvent {
    registered,
    login_succeeded,
    login_failed,
    login_throttled,
    password_changed,
    password_refused,  // the old one, when it was to be changed
    session_ended,     // by its user, or by an admin
    refresh_reused,    // a spent refresh token came back: the session has ended
    token_refused,     // a bad access or refresh token
    forbidden,         // 403
    rate_limited,
    framing_refused,  // what a request smuggler would send
};

struct SecurityNote {
    SecurityEvent event;
    UserId user_id = {};        // whose account it is about, where that is known
    SessionId session_id = {};  // likewise
};

}  // namespace dacapo
