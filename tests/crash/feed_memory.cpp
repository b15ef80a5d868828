#include "tests/crash/feed_memory.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <boost/json.hpp>
#include <optional>
#include <set>

namespace dacapo::test {

namespace json = boost::json;

void FeedMemory::take(std::string_view text) {
    const auto frame = json::parse(text).as_object();
    const auto* at = frame.if_contains("position");
    const auto position = at ? api::position_from_text(std::string_view(at->as_string())) : std::nullopt;
    const std::lock_guard lock(mutex_);
    if (frame.at("type") == json::value("initial")) {
        const auto* recovered = frame.if_contains("recovered");
        return begin(recovered && *recovered == json::value(true), position.value());
    }
    ++counts_.frames;
    auto& stretch = stretches_.at(stretches_.size() - 1);
    if (frame.at("type") == json::value("new_message"))
        stretch.messages.push_back(frame.at("message").at("id").to_number<std::int64_t>());
    // What is told together has one position: it is sure only when the next one comes.
    if (!position || *position == stretch.newest) return;
    stretch.sure = stretch.newest;
    stretch.newest.merge(*position);
}

void FeedMemory::begin(bool resumed, const api::PositionToken& position) {
    ++counts_.connections;
    if (resumed && !stretches_.empty())
        ++counts_.resumed;
    else
        stretches_.push_back({position, position, position, {}});
}

std::string FeedMemory::newest() const {
    const std::lock_guard lock(mutex_);
    return stretches_.empty() ? std::string() : api::to_text(stretches_.back().newest);
}

FeedMemory::Counts FeedMemory::counts() const {
    const std::lock_guard lock(mutex_);
    return counts_;
}

bool FeedMemory::is_due(LogAudit::Place place, const Frontier& log_start) const {
    const auto covers = [&](const api::PositionToken& token) {
        return token.frontier(log_start).covers(place.shard, place.position);
    };
    return std::ranges::any_of(stretches_, [&](const Stretch& stretch) {
        const bool is_last = &stretch == &stretches_.back();
        return !covers(stretch.from) && (is_last || covers(stretch.sure));
    });
}

std::string FeedMemory::faults(UserId user, const LogAudit& audit, const Frontier& log_start) const {
    const std::lock_guard lock(mutex_);
    std::string text;
    const auto found = audit.received.find(user);
    const auto recorded =
        found == audit.received.end() ? std::map<MessageId, LogAudit::Place>() : found->second;
    std::set<std::int64_t> told;
    for (const auto& stretch : stretches_) {
        for (const auto id : stretch.messages) {
            if (!told.insert(id).second)
                text += fmt::format("user {}: message {} was told twice\n", user.value, id);
            if (!recorded.contains(MessageId{id}))
                text += fmt::format("user {}: message {} is in no log\n", user.value, id);
        }
    }
    for (const auto& [id, place] : recorded)
        if (!told.contains(id.value) && is_due(place, log_start))
            text += fmt::format("user {}: message {} (position {} of shard {}) was not told\n", user.value,
                                id.value, place.position, place.shard);
    return text;
}

}  // namespace dacapo::test
