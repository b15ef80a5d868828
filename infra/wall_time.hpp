// Times as people and the API write them: instants as RFC 3339 UTC, and wall times in an IANA time zone.
// Here so that one place decides what the hours mean that a clock change skips or repeats (RFC 5545, 3.3.5).
#pragma once

#include "events/ids.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace dacapo {

// `YYYY-MM-DDTHH:MM:SSZ`, whole seconds (rounded down). For years 0 to 9999.
std::string format_utc(Timestamp time);
void append_utc(std::string& out, Timestamp time);
// The same with three digits of milliseconds, for logs.
std::string format_utc_ms(Timestamp time);

// RFC 3339 with `Z` or an offset, in either case of `T` and `Z`; -00:00 is UTC; a fraction of a second is cut
// to milliseconds. Nothing for anything else: a date that does not exist, a missing offset, a leap second, an
// offset of 24 hours or more, or an instant whose UTC year is outside 0 to 9999.
std::optional<Timestamp> parse_utc(std::string_view text);

// A wall time on a poster and the instant it means.
struct WallTime {
    std::string local;  // YYYY-MM-DDTHH:MM:SS in its zone
    Timestamp instant;

    bool operator==(const WallTime&) const = default;
};

enum class WallTimeError {
    syntax,        // not YYYY-MM-DDTHH:MM[:SS[.fraction]] with nothing, `Z` or an offset after it
    no_such_time,  // a day or an hour that does not exist in any zone, or not between 0001-01-02 and
                   // 9999-12-30
    unknown_zone,
};

// Without an offset the text is the wall time in `zone` and is kept as sent: in a gap the offset before the
// gap applies, in an overlap the first of the two instants is meant. With `Z` or an offset it is converted to
// `zone`.
std::variant<WallTime, WallTimeError> parse_wall_time(std::string_view text, std::string_view zone);

// `YYYY-MM-DDTHH:MM:SS` in the zone; nothing when the zone is unknown.
std::optional<std::string> local_text(Timestamp time, std::string_view zone);

// True for a name of the system's time zone data, for example `Europe/Paris`.
bool zone_exists(std::string_view zone);

}  // namespace dacapo
