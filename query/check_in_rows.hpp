// How a row of the table `check_ins` becomes the resource CheckIn: the columns and their reading, side by
// side. Here because lists and feeds show the same.
#pragma once

#include "api/resources.hpp"
#include "infra/sql/session.hpp"

namespace dacapo {

// $1 is the present: what has expired is not active, whatever the row says.
#define DACAPO_CHECK_IN_COLUMNS                                                               \
    "c.id, c.user_id, u.username, c.location_name, c.latitude, c.longitude, c.status_emoji, " \
    "c.message, c.event_id, c.created_at, c.expires_at, c.active = 1 AND c.expires_at > $1"

// Reads the columns above from the row's first one on.
inline void read_check_in(const sql::Row& row, api::CheckIn& check_in) {
    int column = 0;
    const auto next = [&](auto& member) { row.read(column++, member); };
    next(check_in.id);
    next(check_in.user_id);
    next(check_in.username);
    next(check_in.location_name);
    next(check_in.latitude);
    next(check_in.longitude);
    next(check_in.status_emoji);
    next(check_in.message);
    next(check_in.event_id);
    next(check_in.created_at);
    next(check_in.expires_at);
    next(check_in.active);
}

}  // namespace dacapo
