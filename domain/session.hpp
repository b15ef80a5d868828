// A session: one log-in, kept alive by a chain of refresh tokens of which only the newest counts.
// A token used twice betrays a thief, but a client that lost an answer may ask again for a few seconds.
#pragma once

#include "domain/decision.hpp"

#include <chrono>
#include <string>
#include <variant>

namespace dacapo {

// How long the token that was just replaced still gives the same successor.
inline constexpr std::chrono::seconds refresh_repeat_window{10};

// A session that nobody has refreshed for so long is over.
inline constexpr std::chrono::hours session_idle_max{30 * 24};
// However often it is refreshed: who holds a stolen token does not hold it for ever.
inline constexpr std::chrono::hours session_age_max{365 * 24};
// Of one user. A further log-in ends the one that has been open for longest.
inline constexpr std::size_t sessions_per_user_max = 500;

struct Session {
    using Event = SessionEvent;

    struct Open {
        SessionId session_id;
        UserId user_id;
        std::string refresh_hash;
    };
    // Only for a token that the server is known to have issued: any other than the newest ends the session.
    struct Refresh {
        std::string presented_hash;
        std::string successor_hash;  // derived from the presented token, so a repeat names the same one
    };
    struct End {
        SessionEnd reason = SessionEnd::logged_out;
    };
    using Command = std::variant<Open, Refresh, End>;

    struct State {
        SessionId session_id;
        UserId user_id;
        std::string refresh_hash;
        std::string parent_hash;  // of the token it replaced; empty until the first refresh
        Timestamp opened_at;
        Timestamp rotated_at;
        bool ended = false;

        template <class Self, class Field>
        static void fields(Self& self, Field&& field) {
            field("session_id", self.session_id);
            field("user_id", self.user_id);
            field("refresh_hash", self.refresh_hash);
            field("parent_hash", self.parent_hash);
            field("opened_at", self.opened_at);
            field("rotated_at", self.rotated_at);
            field("ended", self.ended);
        }
        bool operator==(const State&) const = default;
    };
    static constexpr int evolve_version = 1;

    enum class Refusal { unknown_session, session_ended, already_open };
    using Decision = dacapo::Decision<Event, Refusal>;

    // A refresh is accepted unless it records SessionEnded: that is a theft noticed, and its caller gets no
    // token.
    static Decision decide(const Command& command, const State& state, const Context& by);
    // Throws std::logic_error on a history that cannot be.
    static void evolve(State& state, const Event& event);
};

}  // namespace dacapo
