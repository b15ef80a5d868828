#include "tests/support/given.hpp"

#include "domain/roster.hpp"
#include "tests/domain/cast.hpp"

#include <stdexcept>

using namespace dacapo;

namespace {

constexpr GatheringId jam{7};
const RosterOpened opened{jam, 2};
const ParticipantJoined ana_in{jam, ana, noon};
const ParticipantJoined ben_in{jam, ben, noon};

// A decider that is wrong in every way that the harness promises to notice.
struct Wrong {
    struct Happened {
        static constexpr EventType type{"wrong.happened", 1};
        template <class Self, class Field>
        static void fields(Self&, Field&&) {}
        bool operator==(const Happened&) const = default;
    };
    using Event = std::variant<Happened>;
    struct Depend {};
    struct Repeat {};
    using Command = std::variant<Depend, Repeat>;
    struct State {
        int happened_count = 0;
        template <class Self, class Field>
        static void fields(Self&, Field&&) {}
        bool operator==(const State&) const = default;
    };
    enum class Refusal { no };
    using Decision = dacapo::Decision<Event, Refusal>;

    static Decision decide(const Command& command, const State&, const Context&) {
        static int calls = 0;
        if (std::holds_alternative<Depend>(command) && ++calls % 2 == 0) return Refusal::no;
        return std::vector<Event>{Happened{}};
    }
    static void evolve(State& state, const Event&) {
        if (++state.happened_count > 1) throw std::logic_error("only once");
    }
};

}  // namespace

TEST_CASE("the harness fails when another event was expected" * doctest::should_fail()) {
    Given<Roster>({opened, ana_in}).when(Roster::Join{}, as(ben)).then({ana_in});
}

TEST_CASE("the harness fails when fewer events were expected" * doctest::should_fail()) {
    Given<Roster>({opened, ana_in}).when(Roster::Join{}, as(ben)).then({});
}

TEST_CASE("the harness fails when more events were expected" * doctest::should_fail()) {
    Given<Roster>({opened, ana_in}).when(Roster::Join{}, as(ben)).then({ben_in, ben_in});
}

TEST_CASE("the harness fails when events were expected in another order" * doctest::should_fail()) {
    Given<Roster>({}).when(Roster::Open{jam, 2, ana}, as(ana)).then({ana_in, opened});
}

TEST_CASE("the harness fails when events were expected and it was refused" * doctest::should_fail()) {
    Given<Roster>({opened, ana_in}).when(Roster::Join{}, as(ana)).then({ana_in});
}

TEST_CASE("the harness fails when a refusal was expected and it was accepted" * doctest::should_fail()) {
    Given<Roster>({opened, ana_in}).when(Roster::Join{}, as(ben)).then_refused(Roster::Refusal::closed);
}

TEST_CASE("the harness fails when another refusal was expected" * doctest::should_fail()) {
    Given<Roster>({opened, ana_in}).when(Roster::Join{}, as(ana)).then_refused(Roster::Refusal::closed);
}

TEST_CASE("the harness fails when nothing was expected and it was refused" * doctest::should_fail()) {
    Given<Roster>({opened, ana_in}).when(Roster::Join{}, as(ana)).then_nothing();
}

TEST_CASE("the harness fails when nothing was expected and events came" * doctest::should_fail()) {
    Given<Roster>({opened, ana_in}).when(Roster::Join{}, as(ben)).then_nothing();
}

TEST_CASE("the harness fails when a snapshot would lose a member of the state" * doctest::should_fail()) {
    Given<Wrong>({Wrong::Happened{}}).when(Wrong::Repeat{}, as(ana)).then({Wrong::Happened{}});
}

TEST_CASE("the harness fails when a decision is not pure" * doctest::should_fail()) {
    Given<Wrong>({}).when(Wrong::Depend{}, as(ana)).then({Wrong::Happened{}});
}

TEST_CASE("the harness passes what is right") {
    Given<Roster>({opened, ana_in}).when(Roster::Join{}, as(ben)).then({ben_in});
    Given<Wrong>({}).when(Wrong::Repeat{}, as(ana)).then({Wrong::Happened{}});
}

TEST_CASE("a failure prints what was expected and what came") {
    const auto outcome = Given<Roster>({opened, ana_in}).when(Roster::Join{}, as(ben));
    CHECK(outcome.mismatch(Roster::Refusal::already_joined) ==
          "expected the refusal already_joined\n"
          "     got the events\n"
          "           roster.participant-joined {gathering_id: 7, user_id: 2, joined_at: "
          "2030-06-01T12:00:00.000Z}");
    CHECK(outcome.mismatch(std::vector<RosterEvent>{}).starts_with("expected nothing\n"));
    CHECK(outcome.mismatch(std::vector<RosterEvent>{ben_in}).empty());
}

TEST_CASE("optional and listed values of events are printed") {
    CHECK(printed(RosterEvent{RosterOpened{jam, {}}}) == "roster.opened {gathering_id: 7, capacity: null}");
    CHECK(printed(ConversationEvent{
              ConversationStarted{ConversationId{3}, ConversationKind::direct, {ana, ben}}}) ==
          "conversation.started {conversation_id: 3, kind: direct, member_ids: [1, 2]}");
}
