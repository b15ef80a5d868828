#include "command/routes.hpp"

namespace dacapo {

std::vector<http::ResponseDoc> with_common_problems(std::vector<http::ResponseDoc> own) {
    own.push_back(
        {503,
         "Not now: retry after the time named. With `outcome_unknown`, retry with the same Idempotency-Key.",
         "",
         {"overloaded", "shard_loading", "catching_up", "outcome_unknown", "shard_elsewhere"}});
    own.push_back({507, "The event log has no room; nothing was recorded.", "", {"disk_full"}});
    return own;
}

}  // namespace dacapo
