// Each event's effect on the tables that queries read.
#include "tests/support/projected.hpp"

#include <doctest/doctest.h>
#include <numeric>
#include <random>

namespace dacapo {
namespace {

using testing::MemoryLog;
using testing::Projector;

constexpr Timestamp at(int ms) { return Timestamp(std::chrono::milliseconds(ms)); }
constexpr UserId ana{1}, ben{2}, cleo{3};
constexpr GatheringId jam{33};
constexpr StreamId gathering{StreamKind::gathering, 33};
constexpr StreamId roster{StreamKind::roster, 33};

struct ReadModels {
    TemporaryFolder folder;
    MemoryLog log;
    Projector projector{log, folder / "read.db"};
    int recorded_ms = 0;

    // A millisecond after the one before.
    void given(StreamId stream, Event event) { log.add(1, {{stream, std::move(event)}}, at(++recorded_ms)); }
    std::string rows(const std::string& table) {
        projector.catch_up();
        return projector.rows(table);
    }
    std::string column(const std::string& column, const std::string& table) {
        projector.catch_up();
        std::string text;
        projector.database.writer().query("SELECT " + column + " FROM " + table, [&](const sql::Row& row) {
            text += (text.empty() ? "" : " ") + row.get<std::string>(0);
        });
        return text;
    }
};

GatheringDetails details(std::string title = "Jam d'Été") {
    GatheringDetails d;
    d.title = std::move(title);
    d.description = "Bring your own cables";
    d.date = "2030-06-21T20:00:00";
    d.timezone = "Europe/Paris";
    d.starts_at = at(5000);
    d.location = "Belleville";
    d.latitude = 48.5;
    d.longitude = 2.25;
    d.kind = GatheringKind::jam;
    return d;
}

Event scheduled() { return GatheringEvent(GatheringScheduled{jam, ana, details(), "c1", at(100)}); }
Event opened(std::optional<std::int64_t> capacity = 2) { return RosterEvent(RosterOpened{jam, capacity}); }
Event joined(UserId user, int ms = 200) { return RosterEvent(ParticipantJoined{jam, user, at(ms)}); }
Event waits(UserId user, int ms = 300) { return RosterEvent(WaitlistEntered{jam, user, 1, at(ms)}); }
Event seated(UserId user, int ms = 400) { return RosterEvent(SeatTaken{jam, user, at(ms)}); }
Event withdrew(UserId user) { return RosterEvent(ParticipantWithdrew{jam, user}); }

TEST_CASE_FIXTURE(ReadModels, "a registered account is a row of users with its names folded for searches") {
    given({StreamKind::account, 1}, AccountEvent(AccountRegistered{ana, "Ana", "ana@example.org", "Ana Ébène",
                                                                   "hash", Role::admin, at(7)}));
    given({StreamKind::account, 2}, AccountEvent(AccountRegistered{ben, "ben", "ben@example.org",
                                                                   std::nullopt, "hash", Role::user, at(8)}));
    CHECK(rows("users") ==
          "1|Ana|ana@example.org|Ana Ébène||admin|7|ana ana ebene\n2|ben|ben@example.org|||user|8|ben\n");
}

TEST_CASE_FIXTURE(ReadModels, "a session is a row until it ends, with the time of its last refresh") {
    const auto opens = [](std::int64_t id, UserId user) {
        return SessionEvent(SessionOpened{SessionId{id}, user, "hash", at(7)});
    };
    given({StreamKind::session, 1}, opens(1, ana));
    given({StreamKind::session, 2}, opens(2, ben));
    given({StreamKind::session, 1}, SessionEvent(SessionRefreshed{SessionId{1}, ana, "next", at(9)}));
    CHECK(rows("sessions") == "1|1|7|9\n2|2|7|7\n");
    given({StreamKind::session, 1}, SessionEvent(SessionEnded{SessionId{1}, ana, SessionEnd::revoked}));
    CHECK(rows("sessions") == "2|2|7|7\n");
}

TEST_CASE_FIXTURE(ReadModels, "a scheduled gathering is a published row of events") {
    given(gathering, scheduled());
    CHECK(rows("events") ==
          "33|Jam d'Été|Bring your own "
          "cables|2030-06-21T20:00:00|Europe/Paris|5000||Belleville|48.5|2.25|jam|published|"
          "1|[]||0|0|100|1|1|jam d'ete bring your own cables belleville\n");
}

TEST_CASE_FIXTURE(ReadModels, "hosts are listed in the order in which they were added") {
    given(gathering, scheduled());
    given(gathering, GatheringEvent(HostAdded{jam, ana, at(1)}));
    given(gathering, GatheringEvent(HostAdded{jam, cleo, at(2)}));
    CHECK(column("hosts", "events") == "[1,3]");
}

TEST_CASE_FIXTURE(ReadModels, "a change replaces the details and their version and leaves the counts alone") {
    given(gathering, scheduled());
    given(roster, opened());
    given(roster, joined(ana));
    given(gathering, GatheringEvent(GatheringChanged{jam, details("Concert"), 2, "c2", ana}));
    CHECK(column("title", "events") == "Concert");
    CHECK(column("version", "events") == "2");
    CHECK(column("participant_count", "events") == "1");
    CHECK(column("changed_at", "events") == "4");
    CHECK(column("search_text", "events") == "concert bring your own cables belleville");
}

TEST_CASE_FIXTURE(ReadModels, "a cancelled gathering stays cancelled when its time is over") {
    given(gathering, scheduled());
    given(gathering, GatheringEvent(GatheringCancelled{jam, ana, std::nullopt, at(1)}));
    given(gathering, GatheringEvent(GatheringEnded{jam, at(2)}));
    CHECK(column("status", "events") == "cancelled");
}

TEST_CASE_FIXTURE(ReadModels, "a gathering whose time is over is past") {
    given(gathering, scheduled());
    given(gathering, GatheringEvent(GatheringEnded{jam, at(2)}));
    CHECK(column("status", "events") == "past");
}

TEST_CASE_FIXTURE(ReadModels, "a deleted gathering leaves neither a row nor participants") {
    given(gathering, scheduled());
    given(roster, opened());
    given(roster, joined(ana));
    given(gathering, GatheringEvent(GatheringDeleted{jam, ana}));
    CHECK(rows("events").empty());
    CHECK(rows("participants").empty());
}

TEST_CASE_FIXTURE(ReadModels, "the roster's places and counts follow joining and waiting and taking a seat") {
    given(gathering, scheduled());
    given(roster, opened(1));
    given(roster, joined(ana));
    given(roster, waits(ben));
    given(roster, waits(cleo, 301));
    CHECK(rows("participants") == "33|1|going|200|2\n33|2|waitlisted|300|3\n33|3|waitlisted|301|4\n");
    CHECK(column("participant_count || '+' || waitlist_count || '/' || capacity", "events") == "1+2/1");

    given(roster, withdrew(ana));
    given(roster, seated(ben));
    CHECK(rows("participants") == "33|2|going|400|6\n33|3|waitlisted|301|4\n");
    CHECK(column("participant_count || '+' || waitlist_count", "events") == "1+1");

    given(roster, RosterEvent(CapacitySet{jam, std::nullopt}));
    given(roster, RosterEvent(RosterClosed{jam}));
    CHECK(column("coalesce(capacity, -1)", "events") == "-1");
    CHECK(column("participant_count || '+' || waitlist_count", "events") == "1+1");
}

TEST_CASE_FIXTURE(ReadModels, "counts are those of the places after any order of a roster's events") {
    given(gathering, scheduled());
    given(roster, opened());
    std::mt19937 random(7);
    for (int i = 0; i < 400; ++i) {
        const UserId user{static_cast<std::int64_t>(random() % 6 + 1)};
        switch (random() % 4) {
            case 0:
                given(roster, joined(user));
                break;
            case 1:
                given(roster, waits(user));
                break;
            case 2:
                given(roster, seated(user));
                break;
            default:
                given(roster, withdrew(user));
                break;
        }
        if (i % 40 != 0) continue;
        CHECK(column("participant_count", "events") ==
              column("count(*)", "participants WHERE status = 'going'"));
        CHECK(column("waitlist_count", "events") ==
              column("count(*)", "participants WHERE status = 'waitlisted'"));
    }
}

TEST_CASE_FIXTURE(ReadModels, "a message and the marker of its reader are a row each") {
    const StreamId conversation{StreamKind::conversation, 17};
    given(conversation, ConversationEvent(ConversationStarted{{17}, ConversationKind::direct, {ana, ben}}));
    given(conversation,
          ConversationEvent(MessageSent{{49}, {17}, 1, ana, ben, "Bonjour !", jam, "k1", at(50)}));
    given(conversation,
          ConversationEvent(MessageSent{{65}, {17}, 2, ben, ana, "", std::nullopt, std::nullopt, at(51)}));
    given(conversation, ConversationEvent(ReadMarkerMoved{{17}, ben, 1}));
    given(conversation, ConversationEvent(ReadMarkerMoved{{17}, ben, 2}));
    CHECK(rows("messages") == "49|17|1|1|2|Bonjour !|33|k1|50\n65|17|2|2|1||||51\n");
    CHECK(rows("read_markers") == "17|2|2\n");
}

TEST_CASE_FIXTURE(ReadModels, "a check-in is active until it is deleted or replaced or expires") {
    const StreamId person{StreamKind::check_in, 1};
    const auto check_in = [](std::int64_t id) {
        return CheckInEvent(CheckedIn{{id}, ana, "Café", 48.5, 2.25, "🎸", std::nullopt, jam, at(1), at(2)});
    };
    for (const int id : {17, 33, 49, 65}) given(person, check_in(id));
    given(person, CheckInEvent(CheckedOut{{17}, ana, CheckOut::deleted}));
    given(person, CheckInEvent(CheckedOut{{33}, ana, CheckOut::replaced}));
    given(person, CheckInEvent(CheckInExpired{{49}, ana}));
    CHECK(
        rows("check_ins") ==
        "17|1|Café|48.5|2.25|🎸||33|1|2|0\n33|1|Café|48.5|2.25|🎸||33|1|2|0\n49|1|Café|48.5|2.25|🎸||33|1|2|0\n"
        "65|1|Café|48.5|2.25|🎸||33|1|2|1\n");
}

// Three gatherings with rosters and three conversations, each in a shard of its own.
using ShardRecords = std::vector<std::vector<StreamEvent>>;
std::vector<ShardRecords> busy_shards() {
    std::vector<ShardRecords> shards(6);
    for (std::int64_t i = 0; i < 3; ++i) {
        const GatheringId id{16 + i};
        const StreamId stream{StreamKind::roster, id.value};
        auto& records = shards[static_cast<std::size_t>(i)];
        records.push_back({{{StreamKind::gathering, id.value},
                            GatheringEvent(GatheringScheduled{id, ana, details(), "c", at(1)})},
                           {{StreamKind::gathering, id.value}, GatheringEvent(HostAdded{id, ana, at(1)})},
                           {stream, RosterEvent(RosterOpened{id, 1})},
                           {stream, RosterEvent(ParticipantJoined{id, ana, at(1)})}});
        records.push_back({{stream, RosterEvent(WaitlistEntered{id, ben, 1, at(2)})}});
        records.push_back({{stream, RosterEvent(ParticipantWithdrew{id, ana})},
                           {stream, RosterEvent(SeatTaken{id, ben, at(3)})}});

        const ConversationId talk{19 + i};
        const StreamId conversation{StreamKind::conversation, talk.value};
        for (std::int64_t n = 1; n <= 3; ++n)
            shards[static_cast<std::size_t>(3 + i)].push_back(
                {{conversation,
                  ConversationEvent(
                      MessageSent{{n * 16 + i}, talk, n, ana, ben, "x", std::nullopt, std::nullopt, at(4)})},
                 {conversation, ConversationEvent(ReadMarkerMoved{talk, ben, n})}});
    }
    return shards;
}

TEST_CASE("any interleaving of the shards gives the same tables") {
    std::string expected;
    std::mt19937 random(11);
    for (int round = 0; round < 8; ++round) {
        ReadModels models;
        const auto shards = busy_shards();
        std::vector<std::size_t> turns;
        for (std::size_t shard = 0; shard < shards.size(); ++shard)
            turns.insert(turns.end(), shards[shard].size(), shard);
        if (round > 0) std::shuffle(turns.begin(), turns.end(), random);
        std::vector<std::size_t> next(shards.size(), 0);
        for (const auto shard : turns) models.log.add(static_cast<int>(shard), shards[shard][next[shard]++]);
        models.projector.catch_up();
        const auto tables = models.projector.all();
        if (round == 0) expected = tables;
        CHECK(tables == expected);
    }
    CHECK(std::count(expected.begin(), expected.end(), '\n') == 6 + 3 + 3 + 9 + 3);
}

}  // namespace
}  // namespace dacapo
