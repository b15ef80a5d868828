#include "infra/wall_time.hpp"

#include <doctest/doctest.h>

using namespace dacapo;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view paris = "Europe/Paris";

// The instant as text, or the name of the error.
std::string instant(std::string_view text, std::string_view zone = paris) {
    const auto parsed = parse_wall_time(text, zone);
    if (const auto* wall = std::get_if<WallTime>(&parsed)) return format_utc(wall->instant);
    switch (std::get<WallTimeError>(parsed)) {
        case WallTimeError::syntax:
            return "syntax";
        case WallTimeError::no_such_time:
            return "no such time";
        case WallTimeError::unknown_zone:
            return "unknown zone";
    }
    return "?";
}

std::string local(std::string_view text, std::string_view zone = paris) {
    return std::get<WallTime>(parse_wall_time(text, zone)).local;
}

}  // namespace

TEST_CASE("instants are written in whole seconds of UTC") {
    CHECK(format_utc(Timestamp{1'710'417'600'000ms}) == "2024-03-14T12:00:00Z");
    CHECK(format_utc(Timestamp{1'710'417'600'999ms}) == "2024-03-14T12:00:00Z");
    CHECK(format_utc(Timestamp{-1ms}) == "1969-12-31T23:59:59Z");
    CHECK(format_utc_ms(Timestamp{1'710'417'600'007ms}) == "2024-03-14T12:00:00.007Z");
    CHECK(format_utc_ms(Timestamp{-1ms}) == "1969-12-31T23:59:59.999Z");
    CHECK(format_utc(Timestamp{951'782'400'000ms}) == "2000-02-29T00:00:00Z");
}

TEST_CASE("instants are read from RFC 3339") {
    const auto same = [](std::string_view text, std::string_view expected) {
        const auto time = parse_utc(text);
        REQUIRE(time);
        CHECK(format_utc_ms(*time) == expected);
    };
    same("2024-03-14T12:00:00Z", "2024-03-14T12:00:00.000Z");
    same("2024-03-14T12:00:00.1239Z", "2024-03-14T12:00:00.123Z");
    same("2024-03-14T12:00:00.5+01:30", "2024-03-14T10:30:00.500Z");
    same("2024-12-31T23:30:00-01:00", "2025-01-01T00:30:00.000Z");
    same("2024-03-14t12:00:00z", "2024-03-14T12:00:00.000Z");
    same("2024-03-14T12:00:00-00:00", "2024-03-14T12:00:00.000Z");
    same("0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000Z");
    same("9999-12-31T23:59:59Z", "9999-12-31T23:59:59.000Z");
}

TEST_CASE("anything else is no instant") {
    for (const char* text : {"",
                             "2024",
                             "2024-03-14",
                             "2024-03-14T12:00:00",
                             "2024-03-14T12:00Z",
                             "2024-03-14 12:00:00Z",
                             "2024-02-30T12:00:00Z",
                             "2023-02-29T00:00:00Z",
                             "2024-13-01T00:00:00Z",
                             "2024-00-01T00:00:00Z",
                             "2024-03-14T24:00:00Z",
                             "2024-03-14T12:60:00Z",
                             "2024-03-14T12:00:60Z",
                             "2024-03-14T12:00:00+24:00",
                             "2024-03-14T12:00:00+01:60",
                             "2024-03-14T12:00:00+0100",
                             "2024-03-14T12:00:00.Z",
                             "2024-03-14T12:00:00.1234567890Z",
                             "2024-03-14T12:00:00Zx",
                             "+024-03-14T12:00:00Z",
                             "9999-12-31T23:59:59-01:00",
                             "0000-01-01T00:00:00+01:00"})
        CHECK_MESSAGE(!parse_utc(text), text);
}

TEST_CASE("a wall time is kept as sent and means an instant in its zone") {
    CHECK(instant("2024-03-14T20:00:00") == "2024-03-14T19:00:00Z");
    CHECK(instant("2024-07-14T20:00:00") == "2024-07-14T18:00:00Z");
    CHECK(local("2024-07-14T20:00:00") == "2024-07-14T20:00:00");
    CHECK(local("2024-07-14T20:00") == "2024-07-14T20:00:00");
    CHECK(local("2024-07-14T20:00:07.999") == "2024-07-14T20:00:07");
    CHECK(instant("2024-07-14T20:00:00", "Asia/Kolkata") == "2024-07-14T14:30:00Z");
}

TEST_CASE("a time with an offset is converted to the zone") {
    CHECK(local("2024-07-14T18:00:00Z") == "2024-07-14T20:00:00");
    CHECK(local("2024-07-14T18:00:00.000Z") == "2024-07-14T20:00:00");
    CHECK(instant("2024-07-14T14:00:00-04:00") == "2024-07-14T18:00:00Z");
    CHECK(local("2024-12-31T23:30:00Z") == "2025-01-01T00:30:00");
}

TEST_CASE("an hour that is skipped takes the offset before the gap") {
    // Paris, 2024-03-31: 02:00 becomes 03:00.
    CHECK(instant("2024-03-31T02:30:00") == "2024-03-31T01:30:00Z");
    CHECK(local("2024-03-31T02:30:00") == "2024-03-31T02:30:00");
    CHECK(instant("2024-03-31T01:59:59") == "2024-03-31T00:59:59Z");
    CHECK(instant("2024-03-31T03:00:00") == "2024-03-31T01:00:00Z");
}

TEST_CASE("an hour that comes twice means the first") {
    // Paris, 2024-10-27: 03:00 becomes 02:00.
    CHECK(instant("2024-10-27T02:30:00") == "2024-10-27T00:30:00Z");
    CHECK(instant("2024-10-27T03:00:00") == "2024-10-27T02:00:00Z");
    CHECK(local("2024-10-27T01:30:00Z") == "2024-10-27T02:30:00");
}

TEST_CASE("summer time goes on after the tables end") {
    CHECK(instant("2037-07-14T20:00:00") == "2037-07-14T18:00:00Z");
    CHECK(instant("2038-07-14T20:00:00") == "2038-07-14T18:00:00Z");
    CHECK(instant("2045-01-14T20:00:00") == "2045-01-14T19:00:00Z");
    CHECK(instant("2096-03-25T02:30:00") == "2096-03-25T01:30:00Z");  // the last Sunday of March, skipped
    CHECK(local("2060-07-14T18:00:00Z") == "2060-07-14T20:00:00");
    CHECK(instant("2045-01-14T20:00:00", "Australia/Sydney") == "2045-01-14T09:00:00Z");
}

TEST_CASE("wall times that cannot be are refused with the reason") {
    CHECK(instant("2024-02-30T20:00:00") == "no such time");
    CHECK(instant("2024-03-14T25:00:00") == "no such time");
    CHECK(instant("0000-06-01T00:00:00") == "no such time");
    CHECK(instant("9999-12-31T23:59:59") == "no such time");
    CHECK(instant("9999-12-30T23:59:00") == "9999-12-30T22:59:00Z");
    CHECK(instant("9999-12-30T23:59:00Z") == "no such time");  // a day later in Paris
    CHECK(instant("0001-01-02T00:00:00+00:10", "America/New_York") == "no such time");
    CHECK(instant("2024-03-14") == "syntax");
    CHECK(instant("tomorrow") == "syntax");
    CHECK(instant("2024-03-14T20:00:00 ") == "syntax");
    CHECK(instant("2024-03-14T20:00:00", "Europe/Atlantis") == "unknown zone");
    CHECK(instant("2024-03-14T20:00:00", "") == "unknown zone");
    CHECK(instant("2024-03-14T20:00:00", "../../etc/passwd") == "unknown zone");
}

TEST_CASE("zones are known by their IANA names") {
    CHECK(zone_exists("Europe/Paris"));
    CHECK(zone_exists("UTC"));
    CHECK_FALSE(zone_exists("Paris"));
    CHECK(local_text(Timestamp{1'710'417'600'000ms}, paris) == "2024-03-14T13:00:00");
    CHECK_FALSE(local_text(Timestamp{}, "nowhere"));
}
