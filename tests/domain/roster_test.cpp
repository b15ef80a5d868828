#include "domain/roster.hpp"

#include "tests/domain/cast.hpp"
#include "tests/support/given.hpp"

#include <algorithm>
#include <map>
#include <random>

using namespace dacapo;
using enum Roster::Refusal;

namespace {

constexpr GatheringId jam{7};
const RosterOpened opened{jam, std::nullopt};
const RosterOpened duo{jam, 2};
const RosterClosed closing{jam};

ParticipantJoined joined(UserId user) { return {jam, user, noon}; }
WaitlistEntered waits(UserId user, std::int64_t place) { return {jam, user, place, noon}; }
SeatTaken seated(UserId user) { return {jam, user, noon}; }
ParticipantWithdrew withdrew(UserId user) { return {jam, user}; }

// Two seats: ana and ben; cem and dia wait.
const std::vector<RosterEvent> full_duo{duo, joined(ana), joined(ben), waits(cem, 1), waits(dia, 2)};

std::vector<RosterEvent> full_duo_and(const RosterEvent& last) {
    auto past = full_duo;
    past.push_back(last);
    return past;
}

}  // namespace

TEST_CASE("opening seats the organizer") {
    Given<Roster>({}).when(Roster::Open{jam, 2, ana}, as(ana)).then({duo, joined(ana)});
    Given<Roster>({}).when(Roster::Open{jam, {}, ana}, as(ana)).then({opened, joined(ana)});
}

TEST_CASE("opening twice records nothing") {
    Given<Roster>({duo, joined(ana)}).when(Roster::Open{jam, 2, ana}, as(ana)).then_nothing();
    Given<Roster>({duo, joined(ana), closing}).when(Roster::Open{jam, 2, ana}, as(ana)).then_nothing();
}

TEST_CASE("a capacity is 1 to 100000 seats") {
    for (const std::int64_t capacity : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{100'001}}) {
        Given<Roster>({}).when(Roster::Open{jam, capacity, ana}, as(ana)).then_refused(capacity_out_of_range);
        Given<Roster>({duo, joined(ana)})
            .when(Roster::SetCapacity{capacity}, as(ana))
            .then_refused(capacity_out_of_range);
    }
    Given<Roster>({}).when(Roster::Open{jam, 1, ana}, as(ana)).then({RosterOpened{jam, 1}, joined(ana)});
    Given<Roster>({duo, joined(ana)})
        .when(Roster::SetCapacity{100'000}, as(ana))
        .then({CapacitySet{jam, 100'000}});
}

TEST_CASE("joining takes a free seat") {
    Given<Roster>({duo, joined(ana)}).when(Roster::Join{}, as(ben)).then({joined(ben)});
}

TEST_CASE("a roster without a capacity is never full") {
    Given<Roster>({opened, joined(ana), joined(ben)}).when(Roster::Join{}, as(cem)).then({joined(cem)});
}

TEST_CASE("joining a full roster enters the waiting list at its end") {
    Given<Roster>({duo, joined(ana), joined(ben)}).when(Roster::Join{}, as(cem)).then({waits(cem, 1)});
    Given<Roster>(full_duo).when(Roster::Join{}, as(eve)).then({waits(eve, 3)});
}

TEST_CASE("joining twice is refused from a seat and from the waiting list") {
    Given<Roster>(full_duo).when(Roster::Join{}, as(ben)).then_refused(already_joined);
    Given<Roster>(full_duo).when(Roster::Join{}, as(cem)).then_refused(already_joined);
    Given<Roster>(full_duo).when(Roster::Join{}, as(ana)).then_refused(already_joined);
}

TEST_CASE("leaving frees a seat that nobody waits for") {
    Given<Roster>({duo, joined(ana), joined(ben)}).when(Roster::Leave{}, as(ben)).then({withdrew(ben)});
    Given<Roster>({opened, joined(ana), joined(ben)}).when(Roster::Leave{}, as(ben)).then({withdrew(ben)});
}

TEST_CASE("a freed seat goes to the first in line at once") {
    Given<Roster>(full_duo).when(Roster::Leave{}, as(ben)).then({withdrew(ben), seated(cem)});
}

TEST_CASE("whoever was seated from the line is no longer in it") {
    auto past = full_duo;
    past.insert(past.end(), {withdrew(ben), seated(cem)});
    const Given<Roster> given(past);
    CHECK(Roster::place_of(given.state(), dia) == 1);
    given.when(Roster::Join{}, as(ben)).then({waits(ben, 2)});
    given.when(Roster::Leave{}, as(cem)).then({withdrew(cem), seated(dia)});
}

TEST_CASE("leaving the waiting list frees nothing") {
    Given<Roster>(full_duo).when(Roster::Leave{}, as(cem)).then({withdrew(cem)});
    Given<Roster>(full_duo_and(withdrew(cem)))
        .when(Roster::Leave{}, as(ben))
        .then({withdrew(ben), seated(dia)});
}

TEST_CASE("whoever is not in cannot leave") {
    Given<Roster>(full_duo).when(Roster::Leave{}, as(eve)).then_refused(not_in);
    Given<Roster>(full_duo_and(withdrew(cem))).when(Roster::Leave{}, as(cem)).then_refused(not_in);
}

TEST_CASE("the creator cannot leave") {
    Given<Roster>(full_duo).when(Roster::Leave{}, as(ana)).then_refused(creator_cannot_leave);
}

TEST_CASE("more seats go to as many in line as fit") {
    Given<Roster>(full_duo).when(Roster::SetCapacity{3}, as(ana)).then({CapacitySet{jam, 3}, seated(cem)});
    Given<Roster>(full_duo)
        .when(Roster::SetCapacity{4}, as(ana))
        .then({CapacitySet{jam, 4}, seated(cem), seated(dia)});
    Given<Roster>(full_duo)
        .when(Roster::SetCapacity{9}, as(ana))
        .then({CapacitySet{jam, 9}, seated(cem), seated(dia)});
    Given<Roster>(full_duo)
        .when(Roster::SetCapacity{}, as(ana))
        .then({CapacitySet{jam, std::nullopt}, seated(cem), seated(dia)});
}

TEST_CASE("the capacity may sink to the number going and not below") {
    const Given<Roster> given({RosterOpened{jam, 5}, joined(ana), joined(ben)});
    given.when(Roster::SetCapacity{2}, as(ana)).then({CapacitySet{jam, 2}});
    given.when(Roster::SetCapacity{1}, as(ana)).then_refused(capacity_below_going);
    Given<Roster>({opened, joined(ana), joined(ben)})
        .when(Roster::SetCapacity{1}, as(ana))
        .then_refused(capacity_below_going);
}

TEST_CASE("the same capacity again records nothing") {
    Given<Roster>(full_duo).when(Roster::SetCapacity{2}, as(ana)).then_nothing();
    Given<Roster>({opened, joined(ana)}).when(Roster::SetCapacity{}, as(ana)).then_nothing();
}

TEST_CASE("closing ends all coming and going") {
    Given<Roster>(full_duo).when(Roster::Close{}, as(ana)).then({closing});
    const Given<Roster> given(full_duo_and(closing));
    given.when(Roster::Join{}, as(eve)).then_refused(closed);
    given.when(Roster::Leave{}, as(ben)).then_refused(closed);
    given.when(Roster::SetCapacity{9}, as(ana)).then_refused(closed);
}

TEST_CASE("closing twice records nothing") {
    Given<Roster>(full_duo_and(closing)).when(Roster::Close{}, as(ana)).then_nothing();
}

TEST_CASE("a roster that was never opened takes no command") {
    const Given<Roster> given({});
    given.when(Roster::Join{}, as(ana)).then_refused(not_opened);
    given.when(Roster::Leave{}, as(ana)).then_refused(not_opened);
    given.when(Roster::SetCapacity{2}, as(ana)).then_refused(not_opened);
    given.when(Roster::Close{}, as(ana)).then_refused(not_opened);
}

TEST_CASE("counts and places are told") {
    const Given<Roster> given(full_duo);
    CHECK(Roster::going_count(given.state()) == 2);
    CHECK(Roster::waiting_count(given.state()) == 2);
    CHECK(Roster::place_of(given.state(), cem) == 1);
    CHECK(Roster::place_of(given.state(), dia) == 2);
    CHECK(Roster::place_of(given.state(), ben) == 0);
    CHECK(Roster::others_are_in(given.state()));
    CHECK_FALSE(Roster::others_are_in(Given<Roster>({duo, joined(ana)}).state()));
}

TEST_CASE("a roster that contradicts itself is no history") {
    CHECK_THROWS_AS(Given<Roster>({joined(ana)}), std::logic_error);
    CHECK_THROWS_AS(Given<Roster>({duo, duo}), std::logic_error);
    CHECK_THROWS_AS(Given<Roster>({duo, joined(ana), joined(ana)}), std::logic_error);
    CHECK_THROWS_AS(Given<Roster>(full_duo_and(joined(cem))), std::logic_error);
    CHECK_THROWS_AS(Given<Roster>(full_duo_and(waits(cem, 3))), std::logic_error);
    CHECK_THROWS_AS(Given<Roster>(full_duo_and(waits(ben, 3))), std::logic_error);
    CHECK_THROWS_AS(Given<Roster>(full_duo_and(seated(eve))), std::logic_error);
    CHECK_THROWS_AS(Given<Roster>(full_duo_and(withdrew(eve))), std::logic_error);
    CHECK_THROWS_AS(Given<Roster>({duo, joined(ana), closing, joined(ben)}), std::logic_error);
}

namespace {

// What a roster must be, kept the plainest way there is.
struct PlainRoster {
    std::optional<std::int64_t> capacity;
    std::vector<UserId> going;
    std::vector<UserId> waiting;

    bool contains(const std::vector<UserId>& people, UserId user) const {
        return std::find(people.begin(), people.end(), user) != people.end();
    }
    void fill() {
        while (!waiting.empty() && (!capacity || std::ssize(going) < *capacity)) {
            going.push_back(waiting.front());
            waiting.erase(waiting.begin());
        }
    }
    void join(UserId user) {
        if (contains(going, user) || contains(waiting, user)) return;
        waiting.push_back(user);
        fill();
    }
    void leave(UserId user) {
        if (user == ana) return;
        std::erase(going, user);
        std::erase(waiting, user);
        fill();
    }
    void set_capacity(std::optional<std::int64_t> seats) {
        if (seats && *seats < std::ssize(going)) return;
        capacity = seats;
        fill();
    }
};

void run(Roster::State& state, const Roster::Command& command, UserId actor) {
    const auto decision = Roster::decide(command, state, as(actor));
    if (const auto* events = std::get_if<0>(&decision))
        for (const auto& event : *events) Roster::evolve(state, event);
}

void check_same(const Roster::State& state, const PlainRoster& plain) {
    REQUIRE(state.going == std::set<UserId>(plain.going.begin(), plain.going.end()));
    REQUIRE(state.waiting.first(state.waiting.size()) == plain.waiting);
    REQUIRE(state.capacity == plain.capacity);
    REQUIRE((!state.capacity || Roster::going_count(state) <= *state.capacity));
    for (std::size_t i = 0; i < plain.waiting.size(); ++i)
        REQUIRE(Roster::place_of(state, plain.waiting[i]) == static_cast<std::int64_t>(i) + 1);
}

}  // namespace

TEST_CASE("whatever people do the capacity holds and the line keeps its order and nobody is in twice") {
    std::mt19937 random(20300601);
    const auto below = [&](unsigned limit) { return static_cast<std::int64_t>(random() % limit); };
    for (int round = 0; round < 20; ++round) {
        Roster::State state;
        PlainRoster plain;
        plain.capacity = 1 + below(10);
        plain.going = {ana};
        run(state, Roster::Open{jam, plain.capacity, ana}, ana);
        for (int step = 0; step < 400; ++step) {
            const UserId user{1 + below(80)};
            const auto choice = below(20);
            if (choice < 11) {
                run(state, Roster::Join{}, user);
                plain.join(user);
            } else if (choice < 19) {
                run(state, Roster::Leave{}, user);
                plain.leave(user);
            } else {
                const auto seats = 1 + below(20);
                run(state, Roster::SetCapacity{seats}, ana);
                plain.set_capacity(seats);
            }
            check_same(state, plain);
        }
    }
}

TEST_CASE("a roster holds a hundred thousand people and as many who wait") {
    Roster::State state;
    run(state, Roster::Open{jam, capacity_max, ana}, ana);
    for (std::int64_t user = 2; user <= 2 * capacity_max; ++user) run(state, Roster::Join{}, UserId{user});
    CHECK(Roster::going_count(state) == capacity_max);
    CHECK(Roster::waiting_count(state) == capacity_max);
    CHECK(Roster::place_of(state, UserId{2 * capacity_max}) == capacity_max);
    for (std::int64_t user = 2; user <= capacity_max; ++user) run(state, Roster::Leave{}, UserId{user});
    CHECK(Roster::going_count(state) == capacity_max);
    CHECK(state.waiting.first(5) == std::vector<UserId>{UserId{2 * capacity_max}});
}

TEST_CASE("people who come and go do not make the line grow for ever") {
    WaitingLine line;
    line.enter(ana);
    for (int i = 0; i < 10'000; ++i) {
        line.enter(ben);
        line.enter(cem);
        line.leave(ben);
        line.enter(dia);
        line.leave(cem);
        line.leave(dia);
    }
    CHECK(line.size() == 1);
    CHECK(line.line.size() < 100);
    line.enter(ben);
    CHECK(line.place_of(ben) == 2);
}
