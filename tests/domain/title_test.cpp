#include "domain/title.hpp"

#include "tests/domain/cast.hpp"
#include "tests/support/given.hpp"

using namespace dacapo;
using enum Title::Refusal;

namespace {

constexpr GatheringId jam{7};
constexpr GatheringId other_jam{8};
const std::string title = "jam in the park";
const TitleClaimed confirmed{title, jam, "c1", true, noon};
const TitleClaimed unconfirmed{title, jam, "c1", false, noon};
const TitleConfirmed confirmation{title, jam, "c1"};
const TitleReleased release{title, jam, "c1"};

}  // namespace

TEST_CASE("a free title is claimed") {
    Given<Title>({}).when(Title::Claim{title, jam, "c1", true}, as(ana)).then({confirmed});
    Given<Title>({}).when(Title::Claim{title, jam, "c1", false}, as(ana)).then({unconfirmed});
}

TEST_CASE("a released title is claimed by another") {
    Given<Title>({confirmed, release})
        .when(Title::Claim{title, other_jam, "c9", true}, as(ben))
        .then({TitleClaimed{title, other_jam, "c9", true, noon}});
}

TEST_CASE("the same claim again records nothing") {
    Given<Title>({confirmed}).when(Title::Claim{title, jam, "c1", true}, as(ana)).then_nothing();
    Given<Title>({unconfirmed})
        .when(Title::Claim{title, jam, "c1", false}, as(ana, noon + 2min))
        .then_nothing();
}

TEST_CASE("a confirmed title is taken for ever") {
    const Title::Claim claim{title, other_jam, "c9", true};
    Given<Title>({confirmed}).when(claim, as(ben, noon + 24h * 365)).then_refused(taken);
    Given<Title>({unconfirmed, confirmation}).when(claim, as(ben, noon + 1h)).then_refused(taken);
}

TEST_CASE("another claim of the same gathering is taken too") {
    Given<Title>({confirmed}).when(Title::Claim{title, jam, "c2", false}, as(ana)).then_refused(taken);
}

TEST_CASE("an unconfirmed title is taken for a minute and then to be verified") {
    const Title::Claim claim{title, other_jam, "c9", true};
    Given<Title>({unconfirmed}).when(claim, as(ben, noon + 1min)).then_refused(taken);
    Given<Title>({unconfirmed}).when(claim, as(ben, noon + 1min + 1ms)).then_refused(claim_to_verify);
}

TEST_CASE("a claim is confirmed") {
    Given<Title>({unconfirmed}).when(Title::Confirm{title, jam, "c1"}, as(ana)).then({confirmation});
}

TEST_CASE("confirming twice records nothing") {
    Given<Title>({confirmed}).when(Title::Confirm{title, jam, "c1"}, as(ana)).then_nothing();
    Given<Title>({unconfirmed, confirmation}).when(Title::Confirm{title, jam, "c1"}, as(ana)).then_nothing();
}

TEST_CASE("only the claimant confirms and only while the claim stands") {
    Given<Title>({}).when(Title::Confirm{title, jam, "c1"}, as(ana)).then_refused(not_the_claimant);
    Given<Title>({unconfirmed})
        .when(Title::Confirm{title, jam, "c2"}, as(ana))
        .then_refused(not_the_claimant);
    Given<Title>({unconfirmed})
        .when(Title::Confirm{title, other_jam, "c1"}, as(ben))
        .then_refused(not_the_claimant);
    Given<Title>({unconfirmed, release})
        .when(Title::Confirm{title, jam, "c1"}, as(ana))
        .then_refused(not_the_claimant);
}

TEST_CASE("a title is released whether it was confirmed or not") {
    Given<Title>({confirmed}).when(Title::Release{title, jam, "c1"}, as(ana)).then({release});
    Given<Title>({unconfirmed}).when(Title::Release{title, jam, "c1"}, as(ana)).then({release});
}

TEST_CASE("releasing what is gone or held by another claim records nothing") {
    Given<Title>({}).when(Title::Release{title, jam, "c1"}, as(ana)).then_nothing();
    Given<Title>({confirmed, release}).when(Title::Release{title, jam, "c1"}, as(ana)).then_nothing();
    Given<Title>({confirmed}).when(Title::Release{title, jam, "c0"}, as(ana)).then_nothing();
    Given<Title>({confirmed}).when(Title::Release{title, other_jam, "c1"}, as(ben)).then_nothing();
}

TEST_CASE("a title that two hold is no history") {
    CHECK_THROWS_AS(Given<Title>({confirmed, confirmed}), std::logic_error);
    CHECK_THROWS_AS(Given<Title>({confirmation}), std::logic_error);
    CHECK_THROWS_AS(Given<Title>({confirmed, TitleReleased{title, jam, "c2"}}), std::logic_error);
}
