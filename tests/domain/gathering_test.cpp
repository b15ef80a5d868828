#include "domain/gathering.hpp"

#include "tests/domain/cast.hpp"
#include "tests/support/given.hpp"

using namespace dacapo;
using enum Gathering::Refusal;

namespace {

constexpr GatheringId jam{7};
constexpr Timestamp tomorrow = noon + 24h;
constexpr Timestamp over = tomorrow + 6h;  // the jam does not say when it ends

GatheringDetails poster() {
    GatheringDetails details;
    details.title = "Jam in the park";
    details.description = "Bring your own chair.";
    details.date = "2030-06-02T14:00:00";
    details.timezone = "Europe/Paris";
    details.starts_at = tomorrow;
    details.location = "Parc Monceau";
    details.latitude = 48.879;
    details.longitude = 2.309;
    details.kind = GatheringKind::jam;
    return details;
}

// A copy of the poster with one thing changed.
template <class Edit>
GatheringDetails poster_but(Edit edit) {
    auto details = poster();
    edit(details);
    return details;
}
const auto moved = poster_but([](auto& details) { details.location = "Parc de Bercy"; });

const GatheringScheduled scheduled{jam, ana, poster(), "c1", noon};
const HostAdded ana_hosts{jam, ana, noon};
const GatheringChanged changed{jam, moved, 2, "c1", ana};
const GatheringCancelled cancelled{jam, ana, "Rain", noon};
const GatheringEnded ended{jam, over};
const GatheringDeleted deleted{jam, ana};
const RenameAbandoned abandoned{jam, "c2"};

Given<Gathering> given_a_jam() { return Given<Gathering>({scheduled, ana_hosts}); }

Outcome<Gathering> scheduling(const GatheringDetails& details) {
    return Given<Gathering>({}).when(Gathering::Schedule{jam, details, "c1"}, as(ana));
}

}  // namespace

TEST_CASE("scheduling makes whoever asked a host") { scheduling(poster()).then({scheduled, ana_hosts}); }

TEST_CASE("the state tells what answers show of a gathering") {
    const auto given = Given<Gathering>({scheduled, ana_hosts, changed});
    CHECK(given.state().scheduled_at == noon);
    CHECK(given.state().organizer_id == ana);
    CHECK(given.state().details == moved);
    CHECK(given.state().details_version == 2);
}

TEST_CASE("a gathering is not scheduled twice") {
    given_a_jam().when(Gathering::Schedule{jam, poster(), "c1"}, as(ana)).then_refused(already_scheduled);
}

TEST_CASE("scheduling refuses details that are wrong") {
    scheduling(poster_but([](auto& details) { details.title.clear(); })).then_refused(details_invalid);
}

TEST_CASE("a gathering is not scheduled in the past") {
    const auto at = [](Timestamp start) {
        return poster_but([&](auto& details) { details.starts_at = start; });
    };
    scheduling(at(noon - 1ms)).then_refused(date_past);
    scheduling(at(noon)).then({GatheringScheduled{jam, ana, at(noon), "c1", noon}, ana_hosts});
}

TEST_CASE("every fault of the details is named") {
    auto details = poster();
    CHECK(Gathering::faults(details).empty());
    details.title = std::string(201, 't');
    details.description = std::string(5001, 'd');
    details.location = "";
    details.latitude = 90.1;
    details.longitude.reset();
    details.ends_at = details.starts_at;
    CHECK(Gathering::faults(details) == FieldFaults{{"title", "too_long"},
                                                    {"description", "too_long"},
                                                    {"location", "too_short"},
                                                    {"longitude", "required"},
                                                    {"latitude", "out_of_range"},
                                                    {"ends_at", "not_after_start"}});
}

TEST_CASE("details may reach their limits") {
    auto details = poster();
    details.title.clear();
    details.location.clear();
    for (int i = 0; i < 200; ++i) details.title += "é";
    for (int i = 0; i < 200; ++i) details.location += "é";
    details.description = std::string(5000, 'd');
    details.latitude = -90;
    details.longitude = 180;
    details.ends_at = details.starts_at + 1ms;
    CHECK(Gathering::faults(details).empty());
    details.location += "é";
    CHECK(Gathering::faults(details) == FieldFaults{{"location", "too_long"}});
}

TEST_CASE("a gathering ends when it says or six hours after its start") {
    CHECK(Gathering::end_of(poster()) == tomorrow + 6h);
    CHECK(Gathering::end_of(poster_but([](auto& details) { details.ends_at = tomorrow + 1h; })) ==
          tomorrow + 1h);
}

TEST_CASE("a host changes the details") {
    given_a_jam().when(Gathering::Change{moved, 1, ""}, as(ana)).then({changed});
}

TEST_CASE("an admin changes the details") {
    given_a_jam()
        .when(Gathering::Change{moved, 1, ""}, as_admin(ben))
        .then({GatheringChanged{jam, moved, 2, "c1", ben}});
}

TEST_CASE("a rename is recorded with the claim of the new title") {
    const auto renamed = poster_but([](auto& details) { details.title = "Jam by the river"; });
    given_a_jam()
        .when(Gathering::Change{renamed, 1, "c2"}, as(ana))
        .then({GatheringChanged{jam, renamed, 2, "c2", ana}});
}

TEST_CASE("a change that changes nothing records nothing") {
    given_a_jam().when(Gathering::Change{poster(), 1, ""}, as(ana)).then_nothing();
    given_a_jam().when(Gathering::Change{poster(), 1, "c1"}, as(ana)).then_nothing();
}

TEST_CASE("the same change twice records nothing the second time") {
    Given<Gathering>({scheduled, ana_hosts, changed})
        .when(Gathering::Change{moved, 1, ""}, as(ana))
        .then_nothing();
}

TEST_CASE("a change made from older details is refused") {
    const auto renamed = poster_but([](auto& details) { details.title = "Jam by the river"; });
    Given<Gathering>({scheduled, ana_hosts, changed})
        .when(Gathering::Change{renamed, 1, ""}, as(ana))
        .then_refused(changed_meanwhile);
}

TEST_CASE("a change refuses details that are wrong") {
    const auto untitled = poster_but([](auto& details) { details.title.clear(); });
    given_a_jam().when(Gathering::Change{untitled, 1, ""}, as(ana)).then_refused(details_invalid);
}

TEST_CASE("a date is not moved into the past") {
    const auto yesterday = poster_but([](auto& details) { details.starts_at = noon - 24h; });
    given_a_jam().when(Gathering::Change{yesterday, 1, ""}, as(ana)).then_refused(date_past);
}

TEST_CASE("a gathering that has begun can still change but for its date") {
    given_a_jam().when(Gathering::Change{moved, 1, ""}, as(ana, tomorrow + 1h)).then({changed});
    const auto earlier = poster_but([](auto& details) { details.starts_at = tomorrow + 30min; });
    given_a_jam().when(Gathering::Change{earlier, 1, ""}, as(ana, tomorrow + 1h)).then_refused(date_past);
}

TEST_CASE("a change whose rename was abandoned is refused") {
    const auto renamed = poster_but([](auto& details) { details.title = "Jam by the river"; });
    Given<Gathering>({scheduled, ana_hosts, abandoned})
        .when(Gathering::Change{renamed, 1, "c2"}, as(ana))
        .then_refused(rename_abandoned);
    Given<Gathering>({scheduled, ana_hosts, abandoned})
        .when(Gathering::Change{renamed, 1, "c3"}, as(ana))
        .then({GatheringChanged{jam, renamed, 2, "c3", ana}});
}

TEST_CASE("a gathering that is cancelled or over does not change") {
    const Gathering::Change change{moved, 1, ""};
    Given<Gathering>({scheduled, ana_hosts, cancelled}).when(change, as(ana)).then_refused(closed);
    Given<Gathering>({scheduled, ana_hosts, ended}).when(change, as(ana, over)).then_refused(closed);
    given_a_jam().when(change, as(ana, over - 1ms)).then({changed});
    given_a_jam().when(change, as(ana, over)).then_refused(closed);  // even before the clock has come round
}

TEST_CASE("a host cancels a gathering") {
    given_a_jam().when(Gathering::Cancel{"Rain"}, as(ana)).then({cancelled});
    given_a_jam()
        .when(Gathering::Cancel{}, as_admin(ben))
        .then({GatheringCancelled{jam, ben, std::nullopt, noon}});
}

TEST_CASE("cancelling twice records nothing") {
    Given<Gathering>({scheduled, ana_hosts, cancelled})
        .when(Gathering::Cancel{"Snow"}, as(ana))
        .then_nothing();
    Given<Gathering>({scheduled, ana_hosts, cancelled})
        .when(Gathering::Cancel{}, as(ana, over))
        .then_nothing();
}

TEST_CASE("a gathering that is over is not cancelled") {
    given_a_jam().when(Gathering::Cancel{}, as(ana, over)).then_refused(closed);
    Given<Gathering>({scheduled, ana_hosts, ended})
        .when(Gathering::Cancel{}, as(ana, over))
        .then_refused(closed);
}

TEST_CASE("a reason has at most 500 characters") {
    std::string reason;
    for (int i = 0; i < 500; ++i) reason += "é";
    given_a_jam().when(Gathering::Cancel{reason}, as(ana)).then({GatheringCancelled{jam, ana, reason, noon}});
    given_a_jam().when(Gathering::Cancel{reason + "!"}, as(ana)).then_refused(reason_too_long);
}

TEST_CASE("a gathering ends by the clock") {
    given_a_jam().when(Gathering::End{}, by_clock(over)).then({ended});
    given_a_jam().when(Gathering::End{}, by_clock(over + 1h)).then({ended});
}

TEST_CASE("ending too early or twice records nothing") {
    given_a_jam().when(Gathering::End{}, by_clock(over - 1ms)).then_nothing();
    Given<Gathering>({scheduled, ana_hosts, ended}).when(Gathering::End{}, by_clock(over)).then_nothing();
    Given<Gathering>({scheduled, ana_hosts, cancelled}).when(Gathering::End{}, by_clock(over)).then_nothing();
}

TEST_CASE("deleting cancels first when others are in") {
    given_a_jam()
        .when(Gathering::Delete{true}, as(ana))
        .then({GatheringCancelled{jam, ana, std::nullopt, noon}, deleted});
}

TEST_CASE("deleting does not cancel what nobody waits for") {
    given_a_jam().when(Gathering::Delete{false}, as(ana)).then({deleted});
    given_a_jam().when(Gathering::Delete{true}, as(ana, over)).then({deleted});
    Given<Gathering>({scheduled, ana_hosts, cancelled})
        .when(Gathering::Delete{true}, as(ana))
        .then({deleted});
    Given<Gathering>({scheduled, ana_hosts, ended})
        .when(Gathering::Delete{true}, as(ana, over))
        .then({deleted});
    given_a_jam().when(Gathering::Delete{false}, as_admin(ben)).then({GatheringDeleted{jam, ben}});
}

TEST_CASE("only a host or an admin may change or cancel or delete") {
    given_a_jam().when(Gathering::Change{moved, 1, ""}, as(ben)).then_refused(not_host);
    given_a_jam().when(Gathering::Cancel{}, as(ben)).then_refused(not_host);
    given_a_jam().when(Gathering::Delete{}, as(ben)).then_refused(not_host);
    given_a_jam().when(Gathering::Delete{}, Context{ben, Role::commercial, noon}).then_refused(not_host);
    Given<Gathering>({scheduled, ana_hosts, cancelled})
        .when(Gathering::Cancel{}, as(ben))
        .then_refused(not_host);
}

TEST_CASE("a second host may do what the first may") {
    Given<Gathering>({scheduled, ana_hosts, HostAdded{jam, ben, noon}})
        .when(Gathering::Delete{}, as(ben))
        .then({GatheringDeleted{jam, ben}});
}

TEST_CASE("a gathering that is deleted or never was is not found") {
    for (const auto& past :
         {std::vector<GatheringEvent>{}, std::vector<GatheringEvent>{scheduled, ana_hosts, deleted}}) {
        const Given<Gathering> given(past);
        given.when(Gathering::Change{moved, 1, ""}, as(ana)).then_refused(not_found);
        given.when(Gathering::Cancel{}, as(ana)).then_refused(not_found);
        given.when(Gathering::Delete{}, as_admin(ben)).then_refused(not_found);
        given.when(Gathering::End{}, by_clock(over)).then_refused(not_found);
        given.when(Gathering::AbandonRename{"c2"}, as(ben)).then_refused(not_found);
    }
}

TEST_CASE("a deleted gathering keeps its title and claim for whoever frees them") {
    const Given<Gathering> given({scheduled, ana_hosts, deleted});
    CHECK(given.state().details.title == "Jam in the park");
    CHECK(given.state().details.description.empty());
    CHECK(given.state().title_claim_id == "c1");
    CHECK_FALSE(Gathering::renamed_with(given.state(), "c1"));
}

TEST_CASE("a rename that was not carried out is abandoned") {
    given_a_jam().when(Gathering::AbandonRename{"c2"}, as(ben)).then({abandoned});
    Given<Gathering>({scheduled, ana_hosts, cancelled})
        .when(Gathering::AbandonRename{"c2"}, as(ben))
        .then({abandoned});
}

TEST_CASE("abandoning twice records nothing") {
    const Given<Gathering> given({scheduled, ana_hosts, abandoned});
    given.when(Gathering::AbandonRename{"c2"}, as(ben)).then_nothing();
    CHECK_FALSE(Gathering::renamed_with(given.state(), "c2"));
}

TEST_CASE("a rename that was carried out is not abandoned") {
    const auto renamed = poster_but([](auto& details) { details.title = "Jam by the river"; });
    const Given<Gathering> given({scheduled, ana_hosts, GatheringChanged{jam, renamed, 2, "c2", ana}});
    given.when(Gathering::AbandonRename{"c2"}, as(ben)).then_nothing();
    CHECK(Gathering::renamed_with(given.state(), "c2"));
    CHECK_FALSE(Gathering::renamed_with(given.state(), "c1"));
}

TEST_CASE("a gathering that is cancelled or over holds no title") {
    CHECK(Gathering::renamed_with(given_a_jam().state(), "c1"));
    CHECK_FALSE(Gathering::renamed_with(Given<Gathering>({scheduled, ana_hosts, cancelled}).state(), "c1"));
    CHECK_FALSE(Gathering::renamed_with(Given<Gathering>({scheduled, ana_hosts, ended}).state(), "c1"));
}

TEST_CASE("a gathering that changes out of turn is no history") {
    CHECK_THROWS_AS(Given<Gathering>({changed}), std::logic_error);
    CHECK_THROWS_AS(Given<Gathering>({scheduled, scheduled}), std::logic_error);
    CHECK_THROWS_AS(Given<Gathering>({scheduled, ana_hosts, ana_hosts}), std::logic_error);
    CHECK_THROWS_AS(Given<Gathering>({scheduled, changed, changed}), std::logic_error);
    CHECK_THROWS_AS(Given<Gathering>({scheduled, cancelled, ended}), std::logic_error);
    CHECK_THROWS_AS(Given<Gathering>({scheduled, ended, cancelled}), std::logic_error);
    CHECK_THROWS_AS(Given<Gathering>({scheduled, deleted, deleted}), std::logic_error);
    CHECK_THROWS_AS(Given<Gathering>({abandoned}), std::logic_error);
}
