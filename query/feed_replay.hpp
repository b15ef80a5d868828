// What a socket that comes back with `?since=` missed: the messages between its last frame and the present,
// read from the log. Whole or not at all, so that a client never takes a part for everything.
#pragma once

#include "infra/http/websocket.hpp"
#include "infra/log/event_log.hpp"
#include "query/feed_settings.hpp"

#include <vector>

namespace dacapo {

struct FeedReplay {
    bool whole = false;  // false: too much; the client reads its lists again
    std::vector<http::Frame> messages;
};

// The viewer's messages after `since` up to `present`, each with a position from which one can come back
// again. Blocks on the log.
FeedReplay replay_of(EventLog& log, UserId viewer, const Frontier& since, const Frontier& present,
                     const FeedSettings& settings);

}  // namespace dacapo
