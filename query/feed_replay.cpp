#include "query/feed_replay.hpp"

#include "events/fields.hpp"
#include "query/feed_frames.hpp"

#include <optional>

namespace dacapo {
namespace {

constexpr std::size_t page_records_max = 1'000;

// Frames the messages as they are found, as long as all of them are no more than a socket can take.
class Replay {
public:
    Replay(const std::string& epoch, std::size_t bytes_max) : epoch_(epoch), bytes_max_(bytes_max) {}

    void add(const MessageSent& message, const Frontier& position) {
        const auto frame = new_message_frame(message, position_text(epoch_, position));
        bytes_ += frame->size();
        if (fits()) replay_.messages.push_back(frame);
        last_ = message;
    }
    bool fits() const { return bytes_ <= bytes_max_; }

    // Everything up to the present has been looked at, which the last message says.
    FeedReplay finish(const Frontier& present) {
        if (last_) replay_.messages.back() = new_message_frame(*last_, position_text(epoch_, present));
        replay_.whole = true;
        return std::move(replay_);
    }

private:
    const std::string& epoch_;
    const std::size_t bytes_max_;
    FeedReplay replay_;
    std::size_t bytes_ = 0;
    std::optional<MessageSent> last_;
};

const MessageSent* message_in(const RecordedEvent& recorded) {
    const auto* conversation = std::get_if<ConversationEvent>(&recorded.event);
    return conversation ? std::get_if<MessageSent>(conversation) : nullptr;
}

}  // namespace

FeedReplay replay_of(EventLog& log, UserId viewer, const Frontier& since, const Frontier& present,
                     const FeedSettings& settings) {
    if (since.missing_of(present) > settings.replay_records_max) return {};
    Replay replay(log.epoch(), settings.replay_bytes_max);
    auto cursor = since;
    while (!cursor.covers(present)) {
        const auto page = log.read_after(cursor, page_records_max);
        if (page.empty()) break;
        for (const auto& entry : page) {
            const auto shard = entry->record.shard;
            cursor.advance(shard, entry->position);
            if (!present.covers(shard, entry->position)) continue;  // comes live
            for (const auto& recorded : entry->record.events)
                if (const auto* message = message_in(recorded); message && message->receiver_id == viewer)
                    replay.add(*message, cursor);
            if (!replay.fits()) return {};
        }
    }
    auto shown = since;
    shown.advance(present);
    return replay.finish(shown);
}

}  // namespace dacapo
