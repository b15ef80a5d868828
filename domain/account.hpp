// An account: who may log in, under which e-mail and username, and in which role.
// All accounts are decided by one writer, so that "taken" is exact; it looks the owners up and hands them in.
#pragma once

#include "domain/decision.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace dacapo {

inline constexpr std::size_t username_characters_min = 3;
inline constexpr std::size_t username_characters_max = 32;
inline constexpr std::size_t email_bytes_max = 254;       // RFC 5321, 4.5.3.1.3, without the angle brackets
inline constexpr std::size_t email_local_bytes_max = 64;  // RFC 5321, 4.5.3.1.1
inline constexpr std::size_t password_characters_min = 8;
inline constexpr std::size_t password_bytes_max = 72;  // bcrypt looks at no more

struct Account {
    using Event = AccountEvent;

    struct Register {
        UserId user_id;
        std::string username;
        std::string email;
        std::optional<std::string> full_name;
        std::string password_hash;
        Role role = Role::user;
        UserId email_owner;  // none: free
        UserId username_owner;
    };
    struct ChangePassword {
        std::int64_t known_password = 0;  // State::password_number when the old password was verified
        std::string password_hash;
    };
    // The same password under another hash. Recorded only where that makes it costlier.
    struct RehashPassword {
        std::int64_t known_password = 0;  // as above
        std::string password_hash;
    };
    using Command = std::variant<Register, ChangePassword, RehashPassword>;

    struct State {
        bool exists = false;
        UserId user_id;
        Role role = Role::user;
        std::string password_hash;
        std::int64_t password_number = 0;  // which password it is: another hash of the same one keeps it

        template <class Self, class Field>
        static void fields(Self& self, Field&& field) {
            field("exists", self.exists);
            field("user_id", self.user_id);
            field("role", self.role);
            field("password_hash", self.password_hash);
            field("password_number", self.password_number);
        }
        bool operator==(const State&) const = default;
    };
    static constexpr int evolve_version = 2;

    enum class Refusal {
        already_registered,
        username_invalid,
        email_invalid,
        email_taken,
        username_taken,
        unknown_account,
        password_changed_meanwhile,
    };
    using Decision = dacapo::Decision<Event, Refusal>;

    static Decision decide(const Command& command, const State& state, const Context& by);
    // Throws std::logic_error on a history that cannot be.
    static void evolve(State& state, const Event& event);
};

// 3-32 of A-Z a-z 0-9 _ . -
bool username_is_valid(std::string_view username);

// The addresses that mail is really sent to: RFC 5321 dot-string, then at least two labels of letters, digits
// and hyphens, the last not a number. ASCII only: an internationalised domain is written as its A-labels.
bool email_is_valid(std::string_view email);

// Under 8 characters (code points).
bool password_is_weak(std::string_view password);
// Over 72 bytes: the rest would count for nothing.
bool password_is_too_long(std::string_view password);

// The cost that a hash was made with, which its own text says (`$2b$12$...`). Nothing when it is of no scheme
// that is known here.
std::optional<int> password_cost_of(std::string_view hash);

// A valid username from what a person calls themselves: `Zoé Le Goff` gives `zoe.le.goff`. Attempt 0 is the
// plain one; attempts 1, 2, 3 ... append 2, 3, 4 ... for when it is taken, which only the caller knows.
std::string derived_username(std::string_view name, unsigned attempt);

}  // namespace dacapo
