// A title among live gatherings is a claim in the shard of the folded title, which need not be the
// gathering's own. Creating claims in one record; only a rename to a title of another shard is claim there,
// change here, release.
#pragma once

#include "command/handling.hpp"

namespace dacapo {

// Looks whether the title's holder still holds it, and confirms or releases the claim accordingly. Does
// nothing for a free title or an honest claim. Call it before claiming: no claim is freed by time alone.
boost::asio::awaitable<void> settle_stale_claim(Shards& shards, std::string folded_title);

// Claims in the title's own shard for a gathering of another; not confirmed until confirm_title(). Throws
// Problem.
boost::asio::awaitable<void> claim_title(Shards& shards, CommandOrigin origin, std::string folded_title,
                                         GatheringId gathering_id, std::string claim_id);
boost::asio::awaitable<void> confirm_title(Shards& shards, std::string folded_title, GatheringId gathering_id,
                                           std::string claim_id);
boost::asio::awaitable<void> release_title(Shards& shards, std::string folded_title, GatheringId gathering_id,
                                           std::string claim_id);

// What other servers of the cluster ask about titles that are decided here.
void answer_title_questions(Shards& shards, Neighbours& neighbours);

// The state of a title in the shard that it lies in.
const Title::State& title_in(const ShardState& state, const std::string& folded_title);

}  // namespace dacapo
