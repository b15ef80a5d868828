#include "command/title_claims.hpp"

#include <boost/asio/use_awaitable.hpp>

namespace dacapo {

namespace asio = boost::asio;

namespace {

CommandOrigin system_origin() {
    CommandOrigin origin;
    origin.command_id = new_command_id();
    return origin;
}

asio::awaitable<Receipt> decide_title(Shards& shards, CommandOrigin origin, std::string folded_title,
                                      Title::Command command) {
    Decide decide = [&](const ShardState& state, const Context& by) -> Verdict {
        return verdict_of<Title>(Title::decide(command, title_in(state, folded_title), by),
                                 title_stream(folded_title));
    };
    auto receipt = shards.of_title(folded_title).submit(std::move(origin), std::move(decide));
    co_return co_await std::move(receipt);
}

// Whether the gathering holds its title under this claim, now and for good: a rename that was not carried out
// yet is abandoned by a record of the gathering's own shard, so that it cannot come through later.
asio::awaitable<bool> is_held(Shards& shards, Title::Holder holder) {
    bool held = false;
    // Asked as a command even when it records nothing, for submit() answers only when what was seen is
    // durable: a title must not be given away because of a cancellation that is lost in a crash.
    Decide decide = [&](const ShardState& state, const Context& by) -> Verdict {
        const auto* gathering = state.gathering(holder.gathering_id);
        held = gathering && Gathering::renamed_with(gathering->state, holder.claim_id);
        if (!gathering || held || holder.confirmed) return std::vector<StreamEvent>{};
        auto decision = Gathering::decide(Gathering::AbandonRename{holder.claim_id}, gathering->state, by);
        if (std::holds_alternative<Gathering::Refusal>(decision)) return std::vector<StreamEvent>{};
        return verdict_of<Gathering>(std::move(decision), {StreamKind::gathering, holder.gathering_id.value});
    };
    auto submitted = shards.of_id(holder.gathering_id.value).submit(system_origin(), std::move(decide));
    co_await std::move(submitted);
    co_return held;
}

}  // namespace

const Title::State& title_in(const ShardState& state, const std::string& folded_title) {
    static const Title::State free;
    const auto found = state.titles.find(folded_title);
    return found == state.titles.end() ? free : found->second.state;
}

asio::awaitable<void> settle_stale_claim(Shards& shards, std::string folded_title) {
    auto& shard = shards.of_title(folded_title);
    const auto holder =
        shard.peek([&](const ShardState& state) { return title_in(state, folded_title).holder; });
    if (!holder) co_return;
    const auto age = shard.now() - holder->claimed_at;
    if (!holder->confirmed && age < unconfirmed_claim_grace) co_return;
    if (!co_await is_held(shards, *holder)) {
        co_await release_title(shards, folded_title, holder->gathering_id, holder->claim_id);
    } else if (!holder->confirmed) {
        co_await confirm_title(shards, folded_title, holder->gathering_id, holder->claim_id);
    }
}

asio::awaitable<void> claim_title(Shards& shards, CommandOrigin origin, std::string folded_title,
                                  GatheringId gathering_id, std::string claim_id) {
    Title::Command command = Title::Claim{folded_title, gathering_id, std::move(claim_id), false};
    co_await decide_title(shards, std::move(origin), std::move(folded_title), std::move(command));
}

asio::awaitable<void> confirm_title(Shards& shards, std::string folded_title, GatheringId gathering_id,
                                    std::string claim_id) {
    Title::Command command = Title::Confirm{folded_title, gathering_id, std::move(claim_id)};
    co_await decide_title(shards, system_origin(), std::move(folded_title), std::move(command));
}

asio::awaitable<void> release_title(Shards& shards, std::string folded_title, GatheringId gathering_id,
                                    std::string claim_id) {
    Title::Command command = Title::Release{folded_title, gathering_id, std::move(claim_id)};
    co_await decide_title(shards, system_origin(), std::move(folded_title), std::move(command));
}

}  // namespace dacapo
