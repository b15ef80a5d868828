#include "domain/session.hpp"

#include "tests/domain/cast.hpp"
#include "tests/support/given.hpp"

using namespace dacapo;
using enum Session::Refusal;

namespace {

constexpr SessionId phone{40};
const SessionOpened opened{phone, ana, "first", noon};
const SessionRefreshed second{phone, ana, "second", noon + 1h};
const SessionRefreshed third{phone, ana, "third", noon + 2h};
const SessionEnded logged_out{phone, ana, SessionEnd::logged_out};
const SessionEnded reused{phone, ana, SessionEnd::token_reused};

}  // namespace

TEST_CASE("logging in opens a session") {
    Given<Session>({}).when(Session::Open{phone, ana, "first"}, as(ana)).then({opened});
}

TEST_CASE("a session is not opened twice") {
    Given<Session>({opened}).when(Session::Open{phone, ana, "first"}, as(ana)).then_refused(already_open);
}

TEST_CASE("the newest token is replaced by its successor") {
    Given<Session>({opened}).when(Session::Refresh{"first", "second"}, as({}, noon + 1h)).then({second});
    Given<Session>({opened, second})
        .when(Session::Refresh{"second", "third"}, as({}, noon + 2h))
        .then({third});
}

TEST_CASE("the token just replaced gives the same successor for 10 seconds and records nothing") {
    const Given<Session> given({opened, second});
    given.when(Session::Refresh{"first", "second"}, as({}, noon + 1h)).then_nothing();
    given.when(Session::Refresh{"first", "second"}, as({}, noon + 1h + 10s)).then_nothing();
}

TEST_CASE("the token just replaced ends the session after 10 seconds") {
    Given<Session>({opened, second})
        .when(Session::Refresh{"first", "second"}, as({}, noon + 1h + 10s + 1ms))
        .then({reused});
}

TEST_CASE("the token just replaced ends the session when it would give another successor") {
    Given<Session>({opened, second})
        .when(Session::Refresh{"first", "other"}, as({}, noon + 1h))
        .then({reused});
}

TEST_CASE("an older token ends the session at once") {
    Given<Session>({opened, second, third})
        .when(Session::Refresh{"first", "second"}, as({}, noon + 2h))
        .then({reused});
}

TEST_CASE("a token that the session never had ends it") {
    Given<Session>({opened}).when(Session::Refresh{"never", "x"}, as({})).then({reused});
    Given<Session>({opened}).when(Session::Refresh{"", "x"}, as({})).then({reused});
    Given<Session>({opened, second})
        .when(Session::Refresh{"never", "second"}, as({}, noon + 1h))
        .then({reused});
}

TEST_CASE("an ended session is not refreshed") {
    Given<Session>({opened, logged_out})
        .when(Session::Refresh{"first", "second"}, as({}))
        .then_refused(session_ended);
    Given<Session>({opened, second, reused})
        .when(Session::Refresh{"second", "third"}, as({}, noon + 1h))
        .then_refused(session_ended);
}

TEST_CASE("a session that was never opened is unknown") {
    Given<Session>({}).when(Session::Refresh{"first", "second"}, as({})).then_refused(unknown_session);
    Given<Session>({}).when(Session::End{}, as(ana)).then_refused(unknown_session);
}

TEST_CASE("logging out ends the session") {
    Given<Session>({opened}).when(Session::End{}, as(ana)).then({logged_out});
    Given<Session>({opened}).when(Session::End{}, as_admin(ben)).then({logged_out});
    Given<Session>({opened}).when(Session::End{}, by_clock(noon)).then({logged_out});
}

TEST_CASE("logging out twice records nothing") {
    Given<Session>({opened, logged_out}).when(Session::End{}, as(ana)).then_nothing();
}

TEST_CASE("the end of a session says why") {
    for (const auto why : {SessionEnd::revoked, SessionEnd::password_changed, SessionEnd::superseded})
        Given<Session>({opened}).when(Session::End{why}, as(ana)).then({SessionEnded{phone, ana, why}});
}

TEST_CASE("a session that nobody refreshed for 30 days is over") {
    const auto end = noon + session_idle_max;
    const SessionRefreshed late{phone, ana, "second", end};
    Given<Session>({opened}).when(Session::Refresh{"first", "second"}, as({}, end)).then({late});
    Given<Session>({opened})
        .when(Session::Refresh{"first", "second"}, as({}, end + 1ms))
        .then_refused(session_ended);
    // Each refresh counts anew.
    Given<Session>({opened, late})
        .when(Session::Refresh{"second", "third"}, as({}, end + 1ms))
        .then({SessionRefreshed{phone, ana, "third", end + 1ms}});
}

TEST_CASE("a session is over a year after it was opened, however often it is refreshed") {
    const auto end = noon + session_age_max;
    const SessionRefreshed late{phone, ana, "second", end - 1h};
    Given<Session>({opened, late})
        .when(Session::Refresh{"second", "third"}, as({}, end))
        .then({SessionRefreshed{phone, ana, "third", end}});
    Given<Session>({opened, late})
        .when(Session::Refresh{"second", "third"}, as({}, end + 1ms))
        .then_refused(session_ended);
}

TEST_CASE("the session of somebody else is unknown") {
    Given<Session>({opened}).when(Session::End{}, as(ben)).then_refused(unknown_session);
    Given<Session>({opened, logged_out}).when(Session::End{}, as(ben)).then_refused(unknown_session);
}

TEST_CASE("a session that goes on after its end is no history") {
    CHECK_THROWS_AS(Given<Session>({opened, opened}), std::logic_error);
    CHECK_THROWS_AS(Given<Session>({opened, logged_out, second}), std::logic_error);
    CHECK_THROWS_AS(Given<Session>({opened, logged_out, logged_out}), std::logic_error);
    CHECK_THROWS_AS(Given<Session>({second}), std::logic_error);
}
