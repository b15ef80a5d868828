#include "command/login_throttle.hpp"

#include <algorithm>

namespace dacapo {

std::optional<std::chrono::seconds> LoginThrottle::pause(const Name& name, Timestamp now,
                                                         std::int64_t free_max) const {
    const auto free = std::min<std::int64_t>(free_, free_max);
    const auto found = failures_.find(name);
    if (found == failures_.end() || found->second.count <= free) return std::nullopt;
    const auto doublings = std::min<std::int64_t>(found->second.count - free - 1, 20);
    const auto pause = std::min(pause_first * (std::int64_t{1} << doublings), pause_max);
    const auto until = found->second.last + pause;
    if (now >= until) return std::nullopt;
    return std::chrono::ceil<std::chrono::seconds>(until - now);
}

void LoginThrottle::failed(const Name& name, Timestamp now) {
    if (failures_.size() >= names_max && !failures_.contains(name)) {
        std::erase_if(failures_, [&](const auto& entry) { return now - entry.second.last > memory; });
        // Still full: somebody tries very many names. The oldest failure is forgotten.
        if (failures_.size() >= names_max)
            failures_.erase(
                std::min_element(failures_.begin(), failures_.end(),
                                 [](const auto& a, const auto& b) { return a.second.last < b.second.last; }));
    }
    auto& entry = failures_[name];
    if (now - entry.last > memory) entry.count = 0;
    ++entry.count;
    entry.last = now;
}

}  // namespace dacapo
