#include "command/gathering_body.hpp"

#include "command/refusals.hpp"
#include "infra/wall_time.hpp"

namespace dacapo {
namespace {

// Reads a wall time into its text and its instant; a fault is added under `pointer`.
std::optional<WallTime> read_time(const std::string& text, const std::string& timezone, const char* pointer,
                                  api::Faults& faults) {
    const auto read = parse_wall_time(text, timezone);
    if (const auto* time = std::get_if<WallTime>(&read)) return *time;
    switch (std::get<WallTimeError>(read)) {
        case WallTimeError::syntax:
            faults.push_back({pointer, "invalid_time", "Must be YYYY-MM-DDTHH:MM:SS."});
            break;
        case WallTimeError::no_such_time:
            faults.push_back({pointer, "no_such_time", "There is no such day or hour."});
            break;
        case WallTimeError::unknown_zone:
            break;  // Told once, under /timezone.
    }
    return std::nullopt;
}

// What has to be read together: times need the zone.
void read_times(GatheringDetails& details, const std::string& date, const std::optional<std::string>& ends_at,
                api::Faults& faults) {
    if (!zone_exists(details.timezone))
        faults.push_back({"/timezone", "unknown_timezone", "Must be an IANA name such as Europe/Paris."});
    if (const auto time = read_time(date, details.timezone, "/date", faults)) {
        details.date = time->local;
        details.starts_at = time->instant;
    }
    if (!ends_at) return;
    if (const auto time = read_time(*ends_at, details.timezone, "/ends_at", faults))
        details.ends_at = time->instant;
}

void refuse_faults(const GatheringDetails& details, api::Faults faults) {
    // Titles are compared folded; one made of invisible characters alone would be the same as any other such.
    if (fold(details.title).empty())
        faults.push_back({"/title", "required", "Must have visible characters."});
    for (auto& error : problem_of(Gathering::faults(details)).errors) faults.push_back(std::move(error));
    if (!faults.empty()) api::throw_invalid(std::move(faults));
}

}  // namespace

GatheringDetails details_of(const EventBody& body, const std::string& default_timezone) {
    GatheringDetails details;
    details.title = body.title;
    details.description = body.description;
    details.location = body.location;
    details.timezone = body.timezone.value_or(default_timezone);
    details.latitude = body.latitude;
    details.longitude = body.longitude;
    details.kind = body.type.value_or(GatheringKind::other);
    api::Faults faults;
    read_times(details, body.date, body.ends_at, faults);
    refuse_faults(details, std::move(faults));
    return details;
}

GatheringDetails changed_details(const GatheringDetails& before, const EventChanges& body) {
    auto details = before;
    if (body.title) details.title = *body.title;
    if (body.description) details.description = *body.description;
    if (body.location) details.location = *body.location;
    if (body.timezone) details.timezone = *body.timezone;
    if (body.latitude) details.latitude = *body.latitude;
    if (body.longitude) details.longitude = *body.longitude;
    if (body.type) details.kind = *body.type;
    api::Faults faults;
    // A new zone alone keeps what the poster says, so the instant moves.
    std::optional<std::string> ends_at;
    if (body.ends_at) {
        ends_at = *body.ends_at;
        details.ends_at.reset();
    } else if (body.timezone && before.ends_at) {
        ends_at = local_text(*before.ends_at, before.timezone);
    }
    read_times(details, body.date.value_or(before.date), ends_at, faults);
    refuse_faults(details, std::move(faults));
    return details;
}

}  // namespace dacapo
