// What clients send about an event, and how it becomes the details that are stored.
// The wall time on the poster is kept as sent; the instant is found in the event's time zone.
#pragma once

#include "api/body.hpp"
#include "domain/gathering.hpp"
#include "domain/roster.hpp"

namespace dacapo {

struct EventBody {
    std::string title;
    std::string description;
    std::string date;
    std::string location;
    std::optional<std::string> ends_at;
    std::optional<std::string> timezone;
    std::optional<double> latitude;
    std::optional<double> longitude;
    std::optional<GatheringKind> type;
    std::optional<std::int64_t> capacity;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("title", self.title, api::Text{1, title_characters_max},
              api::Hint{"Unique among live events."});
        field("description", self.description, api::Text{0, description_characters_max, Lines::many});
        field(
            "date", self.date, api::Text{1, 40}, api::Alias{"event_date"},
            api::Hint{"YYYY-MM-DDTHH:MM:SS, wall time in `timezone`; with Z or an offset it is converted."});
        field("location", self.location, api::Text{1, location_characters_max});
        field("ends_at", self.ends_at, api::Text{1, 40}, api::Hint{"Like `date`; after it."});
        field("timezone", self.timezone, api::Text{1, 64}, api::Hint{"IANA name, for example Europe/Paris."});
        field("latitude", self.latitude, api::Range{-90, 90}, api::Hint{"Degrees, WGS 84; both or none."});
        field("longitude", self.longitude, api::Range{-180, 180});
        field("type", self.type);
        field("capacity", self.capacity, api::Range{capacity_min, capacity_max},
              api::Hint{"Null: unlimited."});
    }
};

// Absent stays as it is; null empties what may be empty.
struct EventChanges {
    std::optional<std::string> title;
    std::optional<std::string> description;
    std::optional<std::string> date;
    std::optional<std::string> location;
    std::optional<std::optional<std::string>> ends_at;
    std::optional<std::string> timezone;
    std::optional<std::optional<double>> latitude;
    std::optional<std::optional<double>> longitude;
    std::optional<GatheringKind> type;
    std::optional<std::optional<std::int64_t>> capacity;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("title", self.title, api::Text{1, title_characters_max});
        field("description", self.description, api::Text{0, description_characters_max, Lines::many});
        field("date", self.date, api::Text{1, 40}, api::Alias{"event_date"});
        field("location", self.location, api::Text{1, location_characters_max});
        field("ends_at", self.ends_at, api::Text{1, 40});
        field("timezone", self.timezone, api::Text{1, 64});
        field("latitude", self.latitude, api::Range{-90, 90});
        field("longitude", self.longitude, api::Range{-180, 180});
        field("type", self.type);
        field("capacity", self.capacity, api::Range{capacity_min, capacity_max});
    }
};

struct CancelBody {
    std::optional<std::string> reason;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("reason", self.reason, api::Text{0, cancel_reason_characters_max, Lines::many});
    }
};

// Both throw Problem 422 with all faults.
GatheringDetails details_of(const EventBody& body, const std::string& default_timezone);
GatheringDetails changed_details(const GatheringDetails& before, const EventChanges& body);

}  // namespace dacapo
