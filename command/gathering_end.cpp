#include "command/gathering_end.hpp"

#include "infra/text.hpp"

namespace dacapo {

namespace asio = boost::asio;

const Gathering::State& gathering_in(const ShardState& state, GatheringId id) {
    static const Gathering::State none;
    const auto* found = state.gathering(id);
    return found ? found->state : none;
}

const Roster::State& roster_in(const ShardState& state, GatheringId id) {
    static const Roster::State none;
    const auto* found = state.roster(id);
    return found ? found->state : none;
}

void add_title_release(RecordBuilder& record, const ShardState& state, const Gathering::State& gathering,
                       const Context& by) {
    const auto folded_title = fold(gathering.details.title);
    if (shard_of_title(folded_title, state.shard_count) != state.shard) return;
    record.add<Title>(
        Title::decide(Title::Release{folded_title, gathering.gathering_id, gathering.title_claim_id},
                      title_in(state, folded_title), by),
        title_stream(folded_title));
}

asio::awaitable<void> release_title_elsewhere(Shards& shards, Gathering::State gathering) {
    if (gathering.phase != Gathering::Phase::scheduled) co_return;
    const auto folded_title = fold(gathering.details.title);
    if (shard_of_title(folded_title, shards.count()) ==
        shard_of_id(gathering.gathering_id.value, shards.count()))
        co_return;
    try {
        co_await release_title(shards, folded_title, gathering.gathering_id, gathering.title_claim_id);
    } catch (const http::Problem&) {
        // The end itself is recorded; whoever wants the title next finds that its gathering gave it up.
    }
}

Verdict decide_gathering_end(GatheringId id, const Gathering::Command& command, const ShardState& state,
                             const Context& by) {
    const auto& gathering = gathering_in(state, id);
    RecordBuilder record;
    auto decision = Gathering::decide(command, gathering, by);
    const auto* events = std::get_if<std::vector<GatheringEvent>>(&decision);
    const bool changes = events && !events->empty();
    record.add<Gathering>(std::move(decision), {StreamKind::gathering, id.value});
    if (!changes) return std::move(record).verdict();
    const auto& roster = roster_in(state, id);
    if (!roster.closed)
        record.add<Roster>(Roster::decide(Roster::Close{}, roster, by), {StreamKind::roster, id.value});
    if (gathering.phase == Gathering::Phase::scheduled) add_title_release(record, state, gathering, by);
    return std::move(record).verdict();
}

}  // namespace dacapo
