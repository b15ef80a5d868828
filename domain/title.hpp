// A title among live gatherings, folded: free, or held by one gathering under a named claim.
// No claim is freed by time alone; an unconfirmed one that is old must be settled by asking its gathering.
#pragma once

#include "domain/decision.hpp"
#include "events/gathering_events.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <variant>

namespace dacapo {

// A rename across shards takes milliseconds; after this long its claim is worth asking about.
inline constexpr std::chrono::minutes unconfirmed_claim_grace{1};

struct Title {
    using Event = TitleEvent;

    struct Claim {
        std::string folded_title;
        GatheringId gathering_id;
        std::string claim_id;
        bool confirmed = false;  // true where the gathering takes the title in the same record
    };
    struct Confirm {
        std::string folded_title;
        GatheringId gathering_id;
        std::string claim_id;
    };
    struct Release {
        std::string folded_title;
        GatheringId gathering_id;
        std::string claim_id;
    };
    using Command = std::variant<Claim, Confirm, Release>;

    struct Holder {
        GatheringId gathering_id;
        std::string claim_id;
        bool confirmed = false;
        Timestamp claimed_at;

        template <class Self, class Field>
        static void fields(Self& self, Field&& field) {
            field("gathering_id", self.gathering_id);
            field("claim_id", self.claim_id);
            field("confirmed", self.confirmed);
            field("claimed_at", self.claimed_at);
        }
        bool operator==(const Holder&) const = default;
    };
    struct State {
        std::optional<Holder> holder;  // none: free

        template <class Self, class Field>
        static void fields(Self& self, Field&& field) {
            field("holder", self.holder);
        }
        bool operator==(const State&) const = default;
    };
    static constexpr int evolve_version = 1;

    // claim_to_verify: ask the holder's gathering whether it took this title, confirm or release, then claim
    // again.
    enum class Refusal { taken, claim_to_verify, not_the_claimant };
    using Decision = dacapo::Decision<Event, Refusal>;

    static Decision decide(const Command& command, const State& state, const Context& by);
    // Throws std::logic_error on a history that cannot be.
    static void evolve(State& state, const Event& event);
};

}  // namespace dacapo
