// The opaque position that clients carry from a command's answer to a query or a feed: an epoch and one place
// per shard touched. Text: `<epoch>.<shard>-<position>.<shard>-<position>`; clients must not look inside.
#pragma once

#include "infra/log/event_log.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace dacapo::api {

struct PositionToken {
    std::string epoch;
    std::map<int, Position> places;  // by shard

    // What a log of this start must have passed to show all that is named.
    Frontier frontier(const Frontier& start) const;
    // Takes the newer place of each shard.
    void merge(const PositionToken& other);
    bool operator==(const PositionToken&) const = default;
};

std::string to_text(const PositionToken& token);
// All that a frontier covers.
PositionToken token_of(const std::string& epoch, const Frontier& frontier);
// Nothing when the text is not a position.
std::optional<PositionToken> position_from_text(std::string_view text);

}  // namespace dacapo::api
