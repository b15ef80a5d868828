// Events that cannot be applied hold up their own stream and nothing else, until they can.
#include "tests/support/projected.hpp"

#include <doctest/doctest.h>

namespace dacapo {
namespace {

using testing::MemoryLog;
using testing::Projector;

constexpr UserId ana{1}, ben{2};

bool broken = false;  // While it is, messages that say "poison" cannot be applied.

struct Fragile {
    static constexpr std::string_view name = "messages";
    static constexpr int version = 1;
    explicit Fragile(sql::Session& writer) : model(writer) {}
    void apply(const MessageSent& e, const Recorded& recorded) {
        model.apply(e, recorded);
        if (broken && e.content == "poison") throw std::runtime_error("cannot be applied");
    }
    void apply(const ReadMarkerMoved& e, const Recorded& recorded) { model.apply(e, recorded); }
    template <class Each>
    void tables(Each&& each) {
        model.tables(each);
    }
    Messages model;
};

struct FragileEvents {
    static constexpr std::string_view name = "events";
    static constexpr int version = 1;
    explicit FragileEvents(sql::Session& writer) : model(writer) {}
    template <class E>
    void apply(const E& e, const Recorded& recorded) requires requires(Events& events) {
        events.apply(e, recorded);
    }
    {
        if constexpr (std::is_same_v<E, GatheringScheduled>)
            if (broken) throw std::runtime_error("cannot be applied");
        model.apply(e, recorded);
    }
    static StreamId parked_as(StreamId stream) { return Events::parked_as(stream); }
    template <class Each>
    void tables(Each&& each) {
        model.tables(each);
    }
    Events model;
};

Projections fragile(sql::Session& writer) {
    Projections projections;
    projections.push_back(std::make_unique<ProjectionOf<Users>>(writer));
    projections.push_back(std::make_unique<ProjectionOf<FragileEvents>>(writer));
    projections.push_back(std::make_unique<ProjectionOf<Fragile>>(writer));
    projections.push_back(std::make_unique<ProjectionOf<CheckInRecords>>(writer));
    return projections;
}

StreamEvent said(std::int64_t id, std::int64_t conversation, std::string text) {
    return {
        {StreamKind::conversation, conversation},
        ConversationEvent(MessageSent{
            {id}, {conversation}, id, ana, ben, std::move(text), std::nullopt, std::nullopt, Timestamp{}})};
}
StreamEvent read_to(std::int64_t up_to, std::int64_t conversation) {
    return {{StreamKind::conversation, conversation},
            ConversationEvent(ReadMarkerMoved{{conversation}, ben, up_to})};
}

void converse(MemoryLog& log) {
    log.add(1, {said(1, 17, "one"), read_to(1, 17)});
    log.add(2, {said(2, 18, "two")});
    log.add(1, {said(3, 17, "poison"), read_to(3, 17)});
    log.add(2, {said(4, 18, "four"), read_to(4, 18)});
    log.add(1, {said(5, 17, "five")});
    log.add(1, {read_to(5, 17)});
}

struct Poisoned {
    Poisoned() { broken = true; }
    ~Poisoned() { broken = false; }

    TemporaryFolder folder;
    MemoryLog log;
    std::filesystem::path file = folder / "read.db";

    std::string unbroken() {
        broken = false;
        Projector projector(log, folder / "unbroken.db");
        projector.catch_up();
        return projector.all();
    }
};

TEST_CASE_FIXTURE(Poisoned, "a poison event parks its own stream in order and the others go on") {
    converse(log);
    Projector projector(log, file, {}, fragile);
    projector.catch_up();
    CHECK(projector.rows("messages") == "1|17|1|1|2|one|||0\n2|18|2|1|2|two|||0\n4|18|4|1|2|four|||0\n");
    CHECK(projector.rows("read_markers") == "17|2|1\n18|2|4\n");
    CHECK(projector.rows("parked_events", "position, event") ==
          "messages|conversation-17|3|0|cannot be applied|1|1\n"
          "messages|conversation-17|3|1|behind a parked event|1|1\n"
          "messages|conversation-17|5|0|behind a parked event|1|1\n"
          "messages|conversation-17|6|0|behind a parked event|1|1\n");
    CHECK(projector.runner.gauges().parked_count() == 4);
    CHECK(projector.runner.passed() == 6);
}

TEST_CASE_FIXTURE(Poisoned, "a retry that fails again counts the attempt and changes nothing else") {
    converse(log);
    Projector projector(log, file, {}, fragile);
    projector.catch_up();
    const auto before = projector.all();
    projector.runner.retry_all();
    CHECK(projector.all() == before);
    CHECK(projector.database.writer().value<int>(
              "SELECT attempts FROM parked_events ORDER BY position, event") == 2);
    CHECK(projector.runner.gauges().parked_count() == 4);
}

TEST_CASE_FIXTURE(Poisoned, "a retry after a fix brings the tables that were never parked") {
    converse(log);
    RunnerOptions options;
    std::vector<Position> repaired;
    options.repaired.push_back([&](auto entries) {
        for (const auto& entry : entries) repaired.push_back(entry->position);
    });
    Projector projector(log, file, options, fragile);
    projector.catch_up();
    const auto expected = unbroken();
    projector.runner.retry_all();
    CHECK(projector.all() == expected);
    CHECK(projector.rows("parked_events").empty());
    CHECK(projector.runner.gauges().parked_count() == 0);
    CHECK(repaired == std::vector<Position>{3, 5, 6});
}

TEST_CASE_FIXTURE(Poisoned, "a parked stream stays parked over a restart and is retried by the next start") {
    converse(log);
    {
        Projector projector(log, file, {}, fragile);
        projector.catch_up();
        log.add(1, {said(7, 17, "seven")});
    }
    {
        Projector projector(log, file, {}, fragile);
        projector.catch_up();
        CHECK(projector.runner.gauges().parked_count() == 5);
    }
    const auto expected = unbroken();
    Projector projector(log, file, {}, fragile);
    projector.runner.start();
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (projector.runner.gauges().parked_count() > 0 && std::chrono::steady_clock::now() < deadline)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    projector.runner.stop();
    CHECK(projector.all() == expected);
}

TEST_CASE_FIXTURE(Poisoned, "a roster waits with its parked gathering so that its counts come out right") {
    const GatheringId jam{33};
    const StreamId roster{StreamKind::roster, 33};
    log.add(
        1, {{{StreamKind::gathering, 33}, GatheringEvent(GatheringScheduled{jam, ana, {}, "c", Timestamp{}})},
            {roster, RosterEvent(RosterOpened{jam, 5})},
            {roster, RosterEvent(ParticipantJoined{jam, ana, Timestamp{}})}});
    log.add(1, {{roster, RosterEvent(ParticipantJoined{jam, ben, Timestamp{}})}});
    Projector projector(log, file, {}, fragile);
    projector.catch_up();
    CHECK(projector.rows("participants").empty());
    const auto expected = unbroken();
    projector.runner.retry_all();
    CHECK(projector.all() == expected);
    CHECK(projector.database.writer().value<int>("SELECT participant_count FROM events") == 2);
}

// Refuses a message that says "two".
constexpr sql::PerDialect refuse_two{
    .sqlite =
        "CREATE TRIGGER no_two BEFORE INSERT ON messages WHEN new.content = 'two' "
        "BEGIN SELECT raise(ABORT, 'no'); END",
    .postgresql = "ALTER TABLE messages ADD CONSTRAINT no_two CHECK (content <> 'two')"};
constexpr sql::PerDialect refused{.sqlite = "no", .postgresql = "sqlstate 23514: constraint no_two"};

TEST_CASE_FIXTURE(Poisoned, "a statement that the database refuses parks its event too") {
    log.add(1, {said(1, 17, "one")});
    Projector projector(log, file, {}, fragile);
    projector.catch_up();
    auto& writer = projector.database.writer();
    writer.script(std::string(refuse_two.in(writer.dialect())));
    log.add(1, {said(2, 17, "two")});
    log.add(2, {said(3, 18, "three")});
    projector.catch_up();
    CHECK(projector.rows("parked_events") ==
          "messages|conversation-17|2|0|" + std::string(refused.in(writer.dialect())) + "|1|1\n");
    CHECK(projector.rows("messages") == "1|17|1|1|2|one|||0\n3|18|3|1|2|three|||0\n");
}

}  // namespace
}  // namespace dacapo
