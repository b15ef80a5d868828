// What happened to accounts and their sessions. Streams: `account-<user id>`, `session-<session id>`.
// Stored for ever: the names, versions and quoted keys are the contract with every event already written.
#pragma once

#include "events/fields.hpp"

#include <optional>
#include <string>
#include <variant>

namespace dacapo {

// What a person may do. Public sign-up always gives `user`.
enum class Role { user, admin, commercial, support };

struct AccountRegistered {
    static constexpr EventType type{"account.registered", 1};

    UserId user_id;
    std::string username;
    std::string email;
    std::optional<std::string> full_name;
    std::string password_hash;  // crypt(5) text, `$2b$...`
    Role role = Role::user;
    Timestamp registered_at;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("user_id", self.user_id);
        field("username", self.username, personal(self.user_id));
        field("email", self.email, personal(self.user_id));
        field("full_name", self.full_name, personal(self.user_id));
        field("password_hash", self.password_hash, personal(self.user_id));
        field("role", self.role);
        field("registered_at", self.registered_at);
    }
    bool operator==(const AccountRegistered&) const = default;
};

struct AccountPasswordChanged {
    static constexpr EventType type{"account.password-changed", 1};

    UserId user_id;
    std::string password_hash;  // crypt(5) text, `$2b$...`
    Timestamp changed_at;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("user_id", self.user_id);
        field("password_hash", self.password_hash, personal(self.user_id));
        field("changed_at", self.changed_at);
    }
    bool operator==(const AccountPasswordChanged&) const = default;
};

// The same password under a costlier hash, made when it was last proved. No session ends by it.
struct AccountPasswordRehashed {
    static constexpr EventType type{"account.password-rehashed", 1};

    UserId user_id;
    std::string password_hash;  // crypt(5) text, `$2b$...`
    Timestamp rehashed_at;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("user_id", self.user_id);
        field("password_hash", self.password_hash, personal(self.user_id));
        field("rehashed_at", self.rehashed_at);
    }
    bool operator==(const AccountPasswordRehashed&) const = default;
};

struct SessionOpened {
    static constexpr EventType type{"session.opened", 1};

    SessionId session_id;
    UserId user_id;
    std::string refresh_hash;  // SHA-256 of the refresh token, hexadecimal
    Timestamp opened_at;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("session_id", self.session_id);
        field("user_id", self.user_id);
        field("refresh_hash", self.refresh_hash);
        field("opened_at", self.opened_at);
    }
    bool operator==(const SessionOpened&) const = default;
};

struct SessionRefreshed {
    static constexpr EventType type{"session.refreshed", 1};

    SessionId session_id;
    UserId user_id;
    std::string refresh_hash;  // of the successor; the token it replaces is spent
    Timestamp refreshed_at;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("session_id", self.session_id);
        field("user_id", self.user_id);
        field("refresh_hash", self.refresh_hash);
        field("refreshed_at", self.refreshed_at);
    }
    bool operator==(const SessionRefreshed&) const = default;
};

enum class SessionEnd {
    logged_out,
    token_reused,
    revoked,           // by its owner from another session, or by an admin
    password_changed,  // in another session of the same user
    superseded,        // by a log-in of a user who has as many as may be
};

struct SessionEnded {
    static constexpr EventType type{"session.ended", 1};

    SessionId session_id;
    UserId user_id;
    SessionEnd reason = SessionEnd::logged_out;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("session_id", self.session_id);
        field("user_id", self.user_id);
        field("reason", self.reason);
    }
    bool operator==(const SessionEnded&) const = default;
};

using AccountEvent = std::variant<AccountRegistered, AccountPasswordChanged, AccountPasswordRehashed>;
using SessionEvent = std::variant<SessionOpened, SessionRefreshed, SessionEnded>;

}  // namespace dacapo
