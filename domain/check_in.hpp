// A person's check-ins: where they say they are, for a day, one at a time.
// It ends when it is replaced, deleted, or a day old; the clock that notices the last is the caller's.
#pragma once

#include "domain/decision.hpp"
#include "domain/field_faults.hpp"
#include "events/check_in_events.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <variant>

namespace dacapo {

inline constexpr std::chrono::hours check_in_lifetime{24};
inline constexpr std::size_t location_name_characters_max = 200;
inline constexpr std::size_t status_emoji_bytes_max = 16;
inline constexpr std::size_t check_in_message_characters_max = 500;

struct CheckIns {
    using Event = CheckInEvent;

    struct CheckIn {  // by the actor
        CheckInId check_in_id;
        std::string location_name;
        std::optional<double> latitude;  // degrees, WGS 84; both or none
        std::optional<double> longitude;
        std::optional<std::string> status_emoji;
        std::optional<std::string> message;
        std::optional<GatheringId> event_id;
    };
    struct CheckOut {  // by the person, or an admin
        CheckInId check_in_id;
    };
    struct Expire {  // by the clock
        CheckInId check_in_id;
    };
    using Command = std::variant<CheckIn, CheckOut, Expire>;

    struct State {
        UserId user_id;
        CheckInId active_id;  // none: nowhere
        Timestamp expires_at;

        template <class Self, class Field>
        static void fields(Self& self, Field&& field) {
            field("user_id", self.user_id);
            field("active_id", self.active_id);
            field("expires_at", self.expires_at);
        }
        bool operator==(const State&) const = default;
    };
    static constexpr int evolve_version = 1;

    enum class Refusal {
        details_invalid,  // faults() has them all
        not_found,        // also when it is no longer active
        not_yours,
    };
    using Decision = dacapo::Decision<Event, Refusal>;

    static Decision decide(const Command& command, const State& state, const Context& by);
    // Throws std::logic_error on a history that cannot be.
    static void evolve(State& state, const Event& event);

    static FieldFaults faults(const CheckIn& command);
    static bool is_active(const State& state, Timestamp now);
};

}  // namespace dacapo
