// A gathering: its poster, its hosts, and whether it is still to come. Its seats are the roster's.
// Whoever holds its title elsewhere asks it, by claim id, whether a rename was carried out.
#pragma once

#include "domain/decision.hpp"
#include "domain/field_faults.hpp"
#include "events/gathering_events.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace dacapo {

inline constexpr std::size_t title_characters_max = 200;
inline constexpr std::size_t description_characters_max = 5000;
inline constexpr std::size_t location_characters_max = 200;
inline constexpr std::size_t cancel_reason_characters_max = 500;
// A gathering that does not say when it ends is over this long after its start.
inline constexpr std::chrono::hours gathering_duration_default{6};

struct Gathering {
    using Event = GatheringEvent;

    struct Schedule {
        GatheringId gathering_id;
        GatheringDetails details;
        std::string title_claim_id;
    };
    struct Change {
        GatheringDetails details;           // complete, as they shall be
        std::int64_t based_on_version = 0;  // of the details that the new ones were made from
        std::string title_claim_id;         // empty: the title is still held under the same claim
    };
    struct Cancel {
        std::optional<std::string> reason;
    };
    struct End {};  // by the clock
    struct Delete {
        bool others_are_in = false;  // the roster knows
    };
    // By whoever found this claim unconfirmed. When it is accepted, `renamed_with` says whether the claim
    // holds a title (confirm it) or never will again (release it); when it is not found, release it too.
    struct AbandonRename {
        std::string claim_id;
    };
    using Command = std::variant<Schedule, Change, Cancel, End, Delete, AbandonRename>;

    enum class Phase { none, scheduled, cancelled, past, deleted };
    struct State {
        Phase phase = Phase::none;
        GatheringId gathering_id;
        UserId organizer_id;
        std::vector<UserId> hosts;
        GatheringDetails details;  // once deleted, the title alone
        std::int64_t details_version = 0;
        std::string title_claim_id;
        std::vector<std::string> abandoned_claims;
        Timestamp scheduled_at;  // not asked by decide; every answer shows it

        template <class Self, class Field>
        static void fields(Self& self, Field&& field) {
            field("phase", self.phase);
            field("gathering_id", self.gathering_id);
            field("organizer_id", self.organizer_id);
            field("hosts", self.hosts);
            field("details", self.details);
            field("details_version", self.details_version);
            field("title_claim_id", self.title_claim_id);
            field("abandoned_claims", self.abandoned_claims);
            field("scheduled_at", self.scheduled_at);
        }
        bool operator==(const State&) const = default;
    };
    static constexpr int evolve_version = 1;

    enum class Refusal {
        already_scheduled,
        not_found,
        not_host,
        closed,
        details_invalid,  // faults() has them all
        date_past,
        changed_meanwhile,
        rename_abandoned,
        reason_too_long,
    };
    using Decision = dacapo::Decision<Event, Refusal>;

    static Decision decide(const Command& command, const State& state, const Context& by);
    // Throws std::logic_error on a history that cannot be.
    static void evolve(State& state, const Event& event);

    // Field names as in GatheringDetails::fields. Says nothing of dates that are past: that depends on the
    // clock.
    static FieldFaults faults(const GatheringDetails& details);
    static Timestamp end_of(const GatheringDetails& details);
    // Scheduled, and its end not yet reached.
    static bool is_live(const State& state, Timestamp now);
    static bool is_host(const State& state, UserId user);
    // Whether the gathering holds its present title under this claim. One that is over or gone holds none.
    static bool renamed_with(const State& state, std::string_view claim_id);
};

}  // namespace dacapo
