// Which events change which answers. One lambda per event and no catch-all: a new event does not compile
// until it says what it drops.
#include "events/fields.hpp"
#include "query/cache.hpp"

namespace dacapo {
namespace {

class Rules {
public:
    explicit Rules(TagCounters& counters) : counters_(counters) {}

    void apply(const Event& event) {
        std::visit([this](const auto& kind) { std::visit([this](const auto& what) { on(what); }, kind); },
                   event);
    }

private:
    void on(const AccountRegistered& e) {
        drop(TagKind::users);
        drop(TagKind::user, e.user_id.value);
    }

    void on(const AccountPasswordChanged&) {}
    void on(const AccountPasswordRehashed&) {}

    // Lists of sessions are never kept; claims of titles are shown by no query.
    void on(const SessionOpened&) {}
    void on(const SessionRefreshed&) {}
    void on(const SessionEnded&) {}
    void on(const TitleClaimed&) {}
    void on(const TitleConfirmed&) {}
    void on(const TitleReleased&) {}

    void on(const GatheringScheduled& e) { drop_event(e.gathering_id); }
    void on(const HostAdded& e) { drop_event(e.gathering_id); }
    void on(const GatheringChanged& e) { drop_event(e.gathering_id); }
    void on(const GatheringCancelled& e) { drop_event(e.gathering_id); }
    void on(const GatheringEnded& e) { drop_event(e.gathering_id); }
    void on(const GatheringDeleted& e) { drop_event(e.gathering_id); }
    void on(const RenameAbandoned&) {}

    // An event shows its capacity and its counts, so it changes with its roster.
    void on(const RosterOpened& e) { drop_event(e.gathering_id); }
    void on(const ParticipantJoined& e) { drop_event(e.gathering_id); }
    void on(const WaitlistEntered& e) { drop_event(e.gathering_id); }
    void on(const SeatTaken& e) { drop_event(e.gathering_id); }
    void on(const ParticipantWithdrew& e) { drop_event(e.gathering_id); }
    void on(const CapacitySet& e) { drop_event(e.gathering_id); }
    void on(const RosterClosed& e) { drop_event(e.gathering_id); }

    void on(const ConversationStarted&) {}
    void on(const MessageSent& e) {
        drop(TagKind::messages, e.sender_id.value);
        drop(TagKind::messages, e.receiver_id.value);
    }
    void on(const ReadMarkerMoved& e) {
        drop(TagKind::messages, e.user_id.value);
        drop(TagKind::read_markers);
    }

    // Check-ins end by themselves, so their lists are never kept.
    void on(const CheckedIn&) {}
    void on(const CheckedOut&) {}
    void on(const CheckInExpired&) {}

    // The catalogue changes seldom and is small: one tag for all of a kind.
    void on(const InstrumentAdded&) { drop(TagKind::instruments); }
    void on(const InstrumentRenamed&) { drop(TagKind::instruments); }
    void on(const InstrumentRetired&) { drop(TagKind::instruments); }
    void on(const GenreAdded&) { drop(TagKind::genres); }
    void on(const GenreRenamed&) { drop(TagKind::genres); }
    void on(const GenreRetired&) { drop(TagKind::genres); }

    void drop_event(GatheringId id) {
        drop(TagKind::events);
        drop(TagKind::event, id.value);
    }
    void drop(TagKind kind, std::int64_t id = 0) { counters_.drop({kind, id}); }

    TagCounters& counters_;
};

}  // namespace

void drop_for(TagCounters& counters, std::span<const LogEntryPtr> entries) {
    Rules rules(counters);
    for (const auto& entry : entries)
        for (const auto& recorded : entry->record.events) rules.apply(recorded.event);
}

}  // namespace dacapo
