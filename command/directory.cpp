#include "command/directory.hpp"

#include <mutex>

namespace dacapo {

bool Directory::knows_user(UserId id) const {
    const std::shared_lock lock(mutex_);
    return id.value > 0 && static_cast<std::size_t>(id.value) < users_.size() &&
           users_[static_cast<std::size_t>(id.value)];
}

bool Directory::knows_gathering(GatheringId id) const {
    const std::shared_lock lock(mutex_);
    return gatherings_.contains(id);
}

void Directory::add_user(UserId id) {
    const std::unique_lock lock(mutex_);
    const auto index = static_cast<std::size_t>(id.value);
    if (users_.size() <= index) users_.resize(index + 1);
    users_[index] = true;
}

void Directory::add_gathering(GatheringId id) {
    const std::unique_lock lock(mutex_);
    gatherings_[id] = true;
}

void Directory::remove_gathering(GatheringId id) {
    const std::unique_lock lock(mutex_);
    gatherings_.erase(id);
}

void Directory::fold(const LogEntry& entry) {
    for (const auto& recorded : entry.record.events) {
        if (const auto* account = std::get_if<AccountEvent>(&recorded.event)) {
            if (const auto* registered = std::get_if<AccountRegistered>(account))
                add_user(registered->user_id);
        } else if (const auto* gathering = std::get_if<GatheringEvent>(&recorded.event)) {
            if (const auto* scheduled = std::get_if<GatheringScheduled>(gathering))
                add_gathering(scheduled->gathering_id);
            if (const auto* deleted = std::get_if<GatheringDeleted>(gathering))
                remove_gathering(deleted->gathering_id);
        }
    }
}

}  // namespace dacapo
