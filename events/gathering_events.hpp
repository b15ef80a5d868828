// What happened to gatherings (the API's "events") and to the titles they claim.
// Streams: `gathering-<id>` and `title-<hash of the folded title>`. Stored for ever.
#pragma once

#include "events/fields.hpp"

#include <optional>
#include <string>
#include <variant>

namespace dacapo {

enum class GatheringKind { jam, concert, rehearsal, workshop, audition, meetup, other };

// Everything on the poster. An event that changes any of it holds all of it, so a reader never merges.
struct GatheringDetails {
    std::string title;
    std::string description;
    std::string date;      // wall time on the poster, YYYY-MM-DDTHH:MM:SS, in `timezone`
    std::string timezone;  // IANA name
    Timestamp starts_at;
    std::optional<Timestamp> ends_at;
    std::string location;
    std::optional<double> latitude;  // degrees, WGS 84; both or none
    std::optional<double> longitude;
    GatheringKind kind = GatheringKind::other;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("title", self.title);
        field("description", self.description);
        field("date", self.date);
        field("timezone", self.timezone);
        field("starts_at", self.starts_at);
        field("ends_at", self.ends_at);
        field("location", self.location);
        field("latitude", self.latitude);
        field("longitude", self.longitude);
        field("kind", self.kind);
    }
    bool operator==(const GatheringDetails&) const = default;
};

struct GatheringScheduled {
    static constexpr EventType type{"gathering.scheduled", 1};

    GatheringId gathering_id;
    UserId organizer_id;
    GatheringDetails details;
    std::string title_claim_id;  // the claim under which it holds its title
    Timestamp scheduled_at;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("gathering_id", self.gathering_id);
        field("organizer_id", self.organizer_id);
        field("details", self.details);
        field("title_claim_id", self.title_claim_id);
        field("scheduled_at", self.scheduled_at);
    }
    bool operator==(const GatheringScheduled&) const = default;
};

struct HostAdded {
    static constexpr EventType type{"gathering.host-added", 1};

    GatheringId gathering_id;
    UserId user_id;
    Timestamp hosted_at;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("gathering_id", self.gathering_id);
        field("user_id", self.user_id);
        field("hosted_at", self.hosted_at);
    }
    bool operator==(const HostAdded&) const = default;
};

struct GatheringChanged {
    static constexpr EventType type{"gathering.changed", 1};

    GatheringId gathering_id;
    GatheringDetails details;          // as they are from now on
    std::int64_t details_version = 0;  // 1 when scheduled, one more with each change
    std::string title_claim_id;
    UserId changed_by;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("gathering_id", self.gathering_id);
        field("details", self.details);
        field("details_version", self.details_version);
        field("title_claim_id", self.title_claim_id);
        field("changed_by", self.changed_by);
    }
    bool operator==(const GatheringChanged&) const = default;
};

struct GatheringCancelled {
    static constexpr EventType type{"gathering.cancelled", 1};

    GatheringId gathering_id;
    UserId cancelled_by;
    std::optional<std::string> reason;
    Timestamp cancelled_at;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("gathering_id", self.gathering_id);
        field("cancelled_by", self.cancelled_by);
        field("reason", self.reason);
        field("cancelled_at", self.cancelled_at);
    }
    bool operator==(const GatheringCancelled&) const = default;
};

struct GatheringEnded {
    static constexpr EventType type{"gathering.ended", 1};

    GatheringId gathering_id;
    Timestamp ended_at;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("gathering_id", self.gathering_id);
        field("ended_at", self.ended_at);
    }
    bool operator==(const GatheringEnded&) const = default;
};

struct GatheringDeleted {
    static constexpr EventType type{"gathering.deleted", 1};

    GatheringId gathering_id;
    UserId deleted_by;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("gathering_id", self.gathering_id);
        field("deleted_by", self.deleted_by);
    }
    bool operator==(const GatheringDeleted&) const = default;
};

// A rename to a title of another shard whose claim was left unconfirmed: it will never be carried out.
struct RenameAbandoned {
    static constexpr EventType type{"gathering.rename-abandoned", 1};

    GatheringId gathering_id;
    std::string claim_id;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("gathering_id", self.gathering_id);
        field("claim_id", self.claim_id);
    }
    bool operator==(const RenameAbandoned&) const = default;
};

struct TitleClaimed {
    static constexpr EventType type{"title.claimed", 1};

    std::string folded_title;
    GatheringId gathering_id;
    std::string claim_id;    // names this claim among all that this gathering ever made
    bool confirmed = false;  // false: a rename from another shard that has yet to be carried out there
    Timestamp claimed_at;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("folded_title", self.folded_title);
        field("gathering_id", self.gathering_id);
        field("claim_id", self.claim_id);
        field("confirmed", self.confirmed);
        field("claimed_at", self.claimed_at);
    }
    bool operator==(const TitleClaimed&) const = default;
};

struct TitleConfirmed {
    static constexpr EventType type{"title.confirmed", 1};

    std::string folded_title;
    GatheringId gathering_id;
    std::string claim_id;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("folded_title", self.folded_title);
        field("gathering_id", self.gathering_id);
        field("claim_id", self.claim_id);
    }
    bool operator==(const TitleConfirmed&) const = default;
};

struct TitleReleased {
    static constexpr EventType type{"title.released", 1};

    std::string folded_title;
    GatheringId gathering_id;
    std::string claim_id;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("folded_title", self.folded_title);
        field("gathering_id", self.gathering_id);
        field("claim_id", self.claim_id);
    }
    bool operator==(const TitleReleased&) const = default;
};

using GatheringEvent = std::variant<GatheringScheduled, HostAdded, GatheringChanged, GatheringCancelled,
                                    GatheringEnded, GatheringDeleted, RenameAbandoned>;
using TitleEvent = std::variant<TitleClaimed, TitleConfirmed, TitleReleased>;

}  // namespace dacapo
