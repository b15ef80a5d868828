#include "domain/check_in.hpp"

#include "tests/domain/cast.hpp"
#include "tests/support/given.hpp"

using namespace dacapo;
using enum CheckIns::Refusal;

namespace {

constexpr CheckInId at_the_bar{31};
constexpr CheckInId at_home{32};

CheckIns::CheckIn checking_in(CheckInId id) {
    return {.check_in_id = id,
            .location_name = "Le Caveau",
            .latitude = 48.85,
            .longitude = 2.34,
            .status_emoji = "🎷",
            .message = "First set at nine",
            .event_id = GatheringId{7}};
}

CheckedIn checked_in(CheckInId id, Timestamp now = noon) {
    return {id, ana, "Le Caveau", 48.85, 2.34, "🎷", "First set at nine", GatheringId{7}, now, now + 24h};
}

const CheckedOut replaced{at_the_bar, ana, CheckOut::replaced};
const CheckedOut left{at_the_bar, ana, CheckOut::deleted};
const CheckInExpired expired{at_the_bar, ana};

}  // namespace

TEST_CASE("checking in lasts a day") {
    Given<CheckIns>({}).when(checking_in(at_the_bar), as(ana)).then({checked_in(at_the_bar)});
}

TEST_CASE("a new check-in replaces the active one") {
    Given<CheckIns>({checked_in(at_the_bar)})
        .when(checking_in(at_home), as(ana, noon + 1h))
        .then({replaced, checked_in(at_home, noon + 1h)});
}

TEST_CASE("a new check-in follows one that ended") {
    Given<CheckIns>({checked_in(at_the_bar), left})
        .when(checking_in(at_home), as(ana))
        .then({checked_in(at_home)});
    Given<CheckIns>({checked_in(at_the_bar), expired})
        .when(checking_in(at_home), as(ana, noon + 25h))
        .then({checked_in(at_home, noon + 25h)});
}

TEST_CASE("a new check-in after a day says that the old one expired") {
    Given<CheckIns>({checked_in(at_the_bar)})
        .when(checking_in(at_home), as(ana, noon + 24h))
        .then({expired, checked_in(at_home, noon + 24h)});
}

TEST_CASE("the same check-in twice records nothing") {
    Given<CheckIns>({checked_in(at_the_bar)}).when(checking_in(at_the_bar), as(ana)).then_nothing();
}

TEST_CASE("checking in refuses details that are wrong and every fault is named") {
    auto command = checking_in(at_the_bar);
    CHECK(CheckIns::faults(command).empty());
    command.location_name = "";
    command.latitude.reset();
    command.longitude = 181;
    command.status_emoji = std::string(17, 'x');
    command.message = std::string(501, 'x');
    CHECK(CheckIns::faults(command) == FieldFaults{{"location_name", "too_short"},
                                                   {"latitude", "required"},
                                                   {"longitude", "out_of_range"},
                                                   {"status_emoji", "too_long"},
                                                   {"message", "too_long"}});
    Given<CheckIns>({}).when(command, as(ana)).then_refused(details_invalid);
}

TEST_CASE("a check-in may reach its limits and leave out what is optional") {
    auto command = checking_in(at_the_bar);
    command.location_name.clear();
    command.message->clear();
    for (int i = 0; i < 200; ++i) command.location_name += "é";
    for (int i = 0; i < 500; ++i) *command.message += "é";
    command.status_emoji = std::string(16, 'x');
    CHECK(CheckIns::faults(command).empty());
    command.location_name += "é";
    CHECK(CheckIns::faults(command) == FieldFaults{{"location_name", "too_long"}});

    CheckIns::CheckIn plain;
    plain.check_in_id = at_home;
    plain.location_name = "x";
    Given<CheckIns>({})
        .when(plain, as(ana))
        .then({CheckedIn{at_home, ana, "x", {}, {}, {}, {}, {}, noon, noon + 24h}});
}

TEST_CASE("a person or an admin ends a check-in") {
    Given<CheckIns>({checked_in(at_the_bar)}).when(CheckIns::CheckOut{at_the_bar}, as(ana)).then({left});
    Given<CheckIns>({checked_in(at_the_bar)})
        .when(CheckIns::CheckOut{at_the_bar}, as_admin(ben))
        .then({left});
}

TEST_CASE("nobody ends the check-in of another") {
    Given<CheckIns>({checked_in(at_the_bar)})
        .when(CheckIns::CheckOut{at_the_bar}, as(ben))
        .then_refused(not_yours);
}

TEST_CASE("a check-in that is no longer active is not found") {
    const CheckIns::CheckOut command{at_the_bar};
    Given<CheckIns>({}).when(command, as(ana)).then_refused(not_found);
    Given<CheckIns>({checked_in(at_the_bar), left}).when(command, as(ana)).then_refused(not_found);
    Given<CheckIns>({checked_in(at_the_bar), replaced, checked_in(at_home)})
        .when(command, as(ana))
        .then_refused(not_found);
    Given<CheckIns>({checked_in(at_the_bar)}).when(command, as(ana, noon + 24h)).then_refused(not_found);
    Given<CheckIns>({checked_in(at_the_bar), left})
        .when(CheckIns::CheckOut{{}}, as(ana))
        .then_refused(not_found);
}

TEST_CASE("a check-in expires after a day") {
    Given<CheckIns>({checked_in(at_the_bar)})
        .when(CheckIns::Expire{at_the_bar}, by_clock(noon + 24h))
        .then({expired});
}

TEST_CASE("expiring too early or what is not active records nothing") {
    Given<CheckIns>({checked_in(at_the_bar)})
        .when(CheckIns::Expire{at_the_bar}, by_clock(noon + 24h - 1ms))
        .then_nothing();
    Given<CheckIns>({}).when(CheckIns::Expire{at_the_bar}, by_clock(noon)).then_nothing();
    Given<CheckIns>({checked_in(at_the_bar), expired})
        .when(CheckIns::Expire{at_the_bar}, by_clock(noon + 25h))
        .then_nothing();
    Given<CheckIns>({checked_in(at_the_bar), replaced, checked_in(at_home)})
        .when(CheckIns::Expire{at_the_bar}, by_clock(noon + 25h))
        .then_nothing();
}

TEST_CASE("two check-ins at once are no history") {
    CHECK_THROWS_AS(Given<CheckIns>({checked_in(at_the_bar), checked_in(at_home)}), std::logic_error);
    CHECK_THROWS_AS(Given<CheckIns>({left}), std::logic_error);
    CHECK_THROWS_AS(Given<CheckIns>({checked_in(at_home), expired}), std::logic_error);
}
