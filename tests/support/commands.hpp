// Commands as the routes give them to shards, short enough for tests of what lies beneath the routes.
// Who decides and in which shard is the same as in the program; bodies, tokens and answers are left out.
#pragma once

#include "command/gathering_end.hpp"
#include "tests/support/running_shards.hpp"

namespace dacapo::testing {

CommandOrigin from(UserId actor);
Decide registering(const std::string& name);
Decide opening_session(UserId user);
Decide ending_session(SessionId id);
Decide sending(UserId sender, UserId receiver, const std::string& content,
               std::optional<std::string> client_id = {});
Decide checking_in(UserId person, const std::string& place);
GatheringDetails details_of(const std::string& title, Timestamp starts_at);
Decide scheduling(const std::string& title, Timestamp starts_at, std::optional<std::int64_t> capacity = {});
Decide joining(GatheringId id);
Decide ending(GatheringId id, Gathering::Command command);
GatheringId scheduled_id(const Receipt& receipt);

}  // namespace dacapo::testing
