#include "domain/title.hpp"

#include <stdexcept>

namespace dacapo {

namespace {

using Events = std::vector<TitleEvent>;
using enum Title::Refusal;

// For whatever names a gathering and a claim of it: commands and events alike.
template <class Claimant>
bool is_held_by(const Title::State& state, const Claimant& claimant) {
    return state.holder && state.holder->gathering_id == claimant.gathering_id &&
           state.holder->claim_id == claimant.claim_id;
}

Title::Decision claim(const Title::Claim& command, const Title::State& state, const Context& by) {
    if (is_held_by(state, command)) return Events{};
    if (!state.holder)
        return Events{TitleClaimed{command.folded_title, command.gathering_id, command.claim_id,
                                   command.confirmed, by.now}};
    const bool is_in_doubt =
        !state.holder->confirmed && by.now - state.holder->claimed_at > unconfirmed_claim_grace;
    return is_in_doubt ? claim_to_verify : taken;
}

Title::Decision confirm(const Title::Confirm& command, const Title::State& state) {
    if (!is_held_by(state, command)) return not_the_claimant;
    if (state.holder->confirmed) return Events{};
    return Events{TitleConfirmed{command.folded_title, command.gathering_id, command.claim_id}};
}

Title::Decision release(const Title::Release& command, const Title::State& state) {
    if (!is_held_by(state, command)) return Events{};
    return Events{TitleReleased{command.folded_title, command.gathering_id, command.claim_id}};
}

template <class Claimant>
void require_holder(const Title::State& state, const Claimant& claimant) {
    if (!is_held_by(state, claimant)) throw std::logic_error("a title was settled by who did not hold it");
}

}  // namespace

Title::Decision Title::decide(const Command& command, const State& state, const Context& by) {
    return std::visit(overloaded{
                          [&](const Claim& c) { return claim(c, state, by); },
                          [&](const Confirm& c) { return confirm(c, state); },
                          [&](const Release& c) { return release(c, state); },
                      },
                      command);
}

void Title::evolve(State& state, const Event& event) {
    std::visit(overloaded{
                   [&](const TitleClaimed& e) {
                       if (state.holder) throw std::logic_error("a title was claimed while it was held");
                       state.holder = Holder{e.gathering_id, e.claim_id, e.confirmed, e.claimed_at};
                   },
                   [&](const TitleConfirmed& e) {
                       require_holder(state, e);
                       state.holder->confirmed = true;
                   },
                   [&](const TitleReleased& e) {
                       require_holder(state, e);
                       state.holder.reset();
                   },
               },
               event);
}

}  // namespace dacapo
