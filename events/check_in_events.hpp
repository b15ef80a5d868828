// Where people say they are. Stream: `check-in-<user id>`; a person has one active check-in at most.
// Stored for ever.
#pragma once

#include "events/fields.hpp"

#include <optional>
#include <string>
#include <variant>

namespace dacapo {

struct CheckedIn {
    static constexpr EventType type{"check-in.checked-in", 1};

    CheckInId check_in_id;
    UserId user_id;
    std::string location_name;
    std::optional<double> latitude;  // degrees, WGS 84; both or none
    std::optional<double> longitude;
    std::optional<std::string> status_emoji;
    std::optional<std::string> message;
    std::optional<GatheringId> event_id;
    Timestamp checked_in_at;
    Timestamp expires_at;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("check_in_id", self.check_in_id);
        field("user_id", self.user_id);
        field("location_name", self.location_name, personal(self.user_id));
        field("latitude", self.latitude, personal(self.user_id));
        field("longitude", self.longitude, personal(self.user_id));
        field("status_emoji", self.status_emoji, personal(self.user_id));
        field("message", self.message, personal(self.user_id));
        field("event_id", self.event_id);
        field("checked_in_at", self.checked_in_at);
        field("expires_at", self.expires_at);
    }
    bool operator==(const CheckedIn&) const = default;
};

enum class CheckOut { replaced, deleted };

struct CheckedOut {
    static constexpr EventType type{"check-in.checked-out", 1};

    CheckInId check_in_id;
    UserId user_id;
    CheckOut reason = CheckOut::deleted;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("check_in_id", self.check_in_id);
        field("user_id", self.user_id);
        field("reason", self.reason);
    }
    bool operator==(const CheckedOut&) const = default;
};

struct CheckInExpired {
    static constexpr EventType type{"check-in.expired", 1};

    CheckInId check_in_id;
    UserId user_id;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("check_in_id", self.check_in_id);
        field("user_id", self.user_id);
    }
    bool operator==(const CheckInExpired&) const = default;
};

using CheckInEvent = std::variant<CheckedIn, CheckedOut, CheckInExpired>;

}  // namespace dacapo
