// How a row of the table `events` becomes the resource Event: the columns and their reading, side by side.
// Here because single events, lists and feeds show the same.
#pragma once

#include "api/resources.hpp"
#include "infra/sql/session.hpp"

#include <string_view>

namespace dacapo {

inline constexpr std::string_view event_columns =
    "e.id, e.title, e.description, e.date, e.ends_at, e.timezone, e.starts_at, e.location, e.latitude, "
    "e.longitude, "
    "e.kind, e.status, e.organizer_id, e.hosts, e.capacity, e.participant_count, e.waitlist_count, "
    "e.created_at, "
    "e.version";
inline constexpr int event_column_count = 19;

// Reads the columns above from the row's first one on. `my_status` is left alone.
void read_event(const sql::Row& row, api::Event& event);

}  // namespace dacapo
