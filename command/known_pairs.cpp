#include "command/known_pairs.hpp"

#include <algorithm>
#include <vector>

namespace dacapo {

bool KnownPairs::contains(const Name& name, Timestamp now) const {
    const auto found = seen_.find(name);
    return found != seen_.end() && now - found->second <= memory;
}

void KnownPairs::add(const Name& name, Timestamp now) {
    if (seen_.size() >= names_max && !seen_.contains(name)) make_room(now);
    seen_[name] = now;
}

// A tenth at once, so that not each further log-in looks through all of them.
void KnownPairs::make_room(Timestamp now) {
    std::vector<Timestamp> times;
    times.reserve(seen_.size());
    for (const auto& [name, seen] : seen_) times.push_back(seen);
    const auto oldest_kept = times.begin() + static_cast<std::ptrdiff_t>(names_max / 10);
    std::nth_element(times.begin(), oldest_kept, times.end());
    const auto limit = std::max(*oldest_kept, now - memory);
    std::erase_if(seen_, [&](const auto& entry) { return entry.second < limit; });
    // All were seen at the same moment.
    while (seen_.size() >= names_max) seen_.erase(seen_.begin());
}

}  // namespace dacapo
