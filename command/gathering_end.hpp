// How a gathering comes to its end, by whoever ends it: together with its roster and its title, in one
// record. Shared by the routes (cancel, delete) and the clock.
#pragma once

#include "command/title_claims.hpp"

namespace dacapo {

// The states in a shard; an empty one when there is none.
const Gathering::State& gathering_in(const ShardState& state, GatheringId id);
const Roster::State& roster_in(const ShardState& state, GatheringId id);

// `command` is Cancel, Delete or End.
Verdict decide_gathering_end(GatheringId id, const Gathering::Command& command, const ShardState& state,
                             const Context& by);

// Gives up the title's claim in the same record, if it lies in the gathering's own shard.
void add_title_release(RecordBuilder& record, const ShardState& state, const Gathering::State& gathering,
                       const Context& by);
// Gives up a claim that lies in another shard. Throws no Problem: when this does not come to pass, whoever
// wants the title next does it. `gathering` is as it was before the record that made it give up the title.
boost::asio::awaitable<void> release_title_elsewhere(Shards& shards, Gathering::State gathering);

}  // namespace dacapo
