// The checkers themselves: each must notice the fault that it is there for, in logs and tables made wrong by
// hand.
#include "infra/log/sqlite_log.hpp"
#include "tests/crash/feed_memory.hpp"
#include "tests/crash/log_audit.hpp"
#include "tests/crash/read_model_check.hpp"
#include "tests/support/log_records.hpp"
#include "tests/support/projected.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace dacapo::test {
namespace {

constexpr UserId ana{1}, ben{2}, cleo{3};
constexpr GatheringId jam{16};
constexpr Timestamp noon{std::chrono::milliseconds{1'700'000'000'000}};

// A log of one shard, written record by record past every decider.
class MadeUpLog {
public:
    MadeUpLog() {
        SqliteLogOptions options;
        options.file = file();
        log_ = open_sqlite_log(options);
    }
    std::filesystem::path file() const { return folder_ / "log.db"; }
    std::filesystem::path read_file() const { return folder_ / "read.db"; }
    EventLog& log() { return *log_; }

    // Gives its position.
    Position add(StreamId stream, Event event, std::optional<IdempotencyMark> mark = {},
                 std::int64_t version_step = 1) {
        Record record;
        record.sequence = ++sequence_;
        record.command_id.bytes[15] = static_cast<std::uint8_t>(sequence_);
        record.time = noon;
        record.idempotency = mark;
        record.events.push_back({stream, versions_[stream] += version_step, std::move(event)});
        std::vector<PendingRecord> batch{pending(std::move(record))};
        log_->append(batch);
        return batch.front().entry->position;
    }
    Position roster(RosterEvent event) { return add({StreamKind::roster, jam.value}, std::move(event)); }
    Position message(MessageId id, UserId sender, UserId receiver,
                     std::optional<std::string> client_id = {}) {
        MessageSent sent;
        sent.message_id = id;
        sent.conversation_id = ConversationId{16};
        sent.sequence = ++messages_;
        sent.sender_id = sender;
        sent.receiver_id = receiver;
        sent.content = "Bonjour !";
        sent.client_id = std::move(client_id);
        sent.sent_at = noon;
        return add({StreamKind::conversation, 16}, ConversationEvent{sent});
    }
    std::string faults() {
        LogAudit audit;
        audit.read(file());
        return audit.fault_text();
    }
    // What the audit has against a command that these clients remember.
    std::string faults_of(Command command, std::int64_t lost = 0) {
        LogAudit audit;
        audit.read(file());
        CHECK(audit.check({std::move(command)}) == lost);
        return audit.fault_text();
    }

private:
    TemporaryFolder folder_;
    std::unique_ptr<SqliteLog> log_;
    std::int64_t sequence_ = 0;
    std::int64_t messages_ = 0;
    std::map<StreamId, std::int64_t> versions_;
};

bool tells(const std::string& faults, const char* what) { return faults.find(what) != std::string::npos; }

TEST_CASE("the audit finds nothing wrong with a roster that is right") {
    MadeUpLog log;
    log.roster(RosterOpened{jam, 1});
    log.roster(ParticipantJoined{jam, ana, noon});
    log.roster(WaitlistEntered{jam, ben, 1, noon});
    log.roster(WaitlistEntered{jam, cleo, 2, noon});
    CHECK(log.faults() == "");
}

TEST_CASE("the audit sees broken rosters") {
    MadeUpLog log;
    log.roster(RosterOpened{jam, 1});
    log.roster(ParticipantJoined{jam, ana, noon});
    SUBCASE("one seat too many") {
        log.roster(ParticipantJoined{jam, ben, noon});
        CHECK(tells(log.faults(), "2 people on 1 seats"));
    }
    SUBCASE("one person twice") {
        log.roster(WaitlistEntered{jam, ana, 1, noon});
        CHECK(tells(log.faults(), "user 1 is in already"));
    }
    SUBCASE("a wrong place in line") {
        log.roster(WaitlistEntered{jam, ben, 2, noon});
        CHECK(tells(log.faults(), "place 2 of 1"));
    }
    SUBCASE("a free seat while people wait") {
        log.roster(WaitlistEntered{jam, ben, 1, noon});
        log.roster(ParticipantWithdrew{jam, ana});
        CHECK(tells(log.faults(), "a seat is free and 1 wait"));
    }
    SUBCASE("a seat for the second in line") {
        log.roster(WaitlistEntered{jam, ben, 1, noon});
        log.roster(WaitlistEntered{jam, cleo, 2, noon});
        log.roster(SeatTaken{jam, cleo, noon});
        CHECK(tells(log.faults(), "not for the first in line"));
    }
    SUBCASE("somebody leaves who was not in") {
        log.roster(ParticipantWithdrew{jam, ben});
        CHECK(tells(log.faults(), "user 2 was not in"));
    }
}

TEST_CASE("the audit sees gaps and repeated ids") {
    MadeUpLog log;
    SUBCASE("a version that is missing") {
        log.add({StreamKind::roster, jam.value}, RosterEvent{RosterOpened{jam, 1}}, {}, 2);
        CHECK(tells(log.faults(), "version 2 of roster-16"));
    }
    SUBCASE("a message id given twice") {
        log.message(MessageId{16}, ana, ben);
        log.message(MessageId{16}, ben, ana);
        CHECK(tells(log.faults(), "message 16 again"));
    }
}

TEST_CASE("the audit holds what clients remember against the log") {
    MadeUpLog log;
    IdempotencyMark mark;
    mark.key_hash[0] = 1;
    const auto at =
        log.add({StreamKind::roster, jam.value}, RosterEvent{ParticipantJoined{jam, ana, noon}}, mark);
    Command join;
    join.key = "k1";
    join.needle = needle_of_key_hash(mark.key_hash);
    join.outcome = Outcome::acknowledged;
    join.id = jam.value;
    join.places = {{0, at}};
    CHECK(log.faults_of(join) == "");
    SUBCASE("acknowledged and not there") {
        join.needle = needle_of_key(ana, "/events/16/join", "k2");
        CHECK(tells(log.faults_of(join, 1), "and lost"));
    }
    SUBCASE("acknowledged and there twice") {
        log.message(MessageId{16}, ana, ben, "m1");
        log.message(MessageId{32}, ana, ben, "m1");
        join.needle = needle_of_client_id(ana, "m1");
        CHECK(tells(log.faults_of(join), "recorded 2 times"));
        join.outcome = Outcome::unknown;
        CHECK(tells(log.faults_of(join), "recorded 2 times"));
    }
    SUBCASE("refused and there") {
        join.outcome = Outcome::refused;
        CHECK(tells(log.faults_of(join), "refused with 0 and recorded"));
    }
    SUBCASE("at another position") {
        join.places = {{0, at + 1}};
        CHECK(tells(log.faults_of(join), "stands at 1 and not at 2"));
    }
    SUBCASE("under another id") {
        join.id = 32;
        CHECK(tells(log.faults_of(join), "does not name 32"));
    }
    SUBCASE("unknown and not there") {
        join.outcome = Outcome::unknown;
        join.needle = needle_of_key(ana, "/events/16/join", "k2");
        CHECK(log.faults_of(join) == "");
    }
}

std::string initial_frame(int position, bool recovered = false) {
    return fmt::format(R"({{"type":"initial","recovered":{},"position":"00000000000000aa.0-{}"}})", recovered,
                       position);
}
std::string message_frame(int id, int position) {
    return fmt::format(R"({{"type":"new_message","message":{{"id":{}}},"position":"00000000000000aa.0-{}"}})",
                       id, position);
}

TEST_CASE("what a feed has told is held against the log") {
    MadeUpLog log;
    for (const int id : {16, 32, 48, 64}) log.message(MessageId{id}, ana, ben);
    LogAudit audit;
    audit.read(log.file());
    FeedMemory memory;
    const auto faults = [&] { return memory.faults(ben, audit, log.log().start()); };
    memory.take(initial_frame(1));
    memory.take(message_frame(32, 2));
    SUBCASE("on one connection, and on another that goes on from there") {
        memory.take(initial_frame(2, true));
        CHECK(tells(faults(), "message 48 (position 3 of shard 0) was not told"));
        CHECK(memory.newest() == "00000000000000aa.0-2");
        memory.take(message_frame(48, 3));
        memory.take(message_frame(64, 4));
        CHECK(faults() == "");
        CHECK(memory.counts().resumed == 1);
    }
    SUBCASE("what came between connections of which the second does not go on may be missing") {
        memory.take(initial_frame(3));
        CHECK(tells(faults(), "message 64"));
        memory.take(message_frame(64, 4));
        CHECK(faults() == "");
    }
    SUBCASE("one came twice") {
        memory.take(initial_frame(1, true));
        for (const int position : {2, 3, 4}) memory.take(message_frame(position * 16, position));
        CHECK(faults() == "user 2: message 32 was told twice\n");
    }
    SUBCASE("one was never recorded") {
        memory.take(message_frame(80, 4));
        CHECK(tells(faults(), "message 80 is in no log"));
    }
}

TEST_CASE("the audit sees that a log has become shorter") {
    const MadeUpLog shorter;
    MadeUpLog log;
    log.message(MessageId{16}, ana, ben);
    LogAudit audit;
    audit.read(log.file());
    audit.read(shorter.file());
    CHECK(tells(audit.fault_text(), "ended at position 1 and now ends at 0"));
}

TEST_CASE("tables that differ from the log in one row are told apart") {
    MadeUpLog log;
    log.message(MessageId{16}, ana, ben);
    log.message(MessageId{32}, ben, ana);
    {
        testing::Projector projector(log.log(), log.read_file());
        projector.catch_up();
    }
    CHECK(table_differences(log.file(), log.read_file()) == "");
    sql::Session writer("sqlite:" + log.read_file().string(), sql::Use::write);
    SUBCASE("a row is missing") {
        writer.execute("DELETE FROM messages WHERE id = 16");
        CHECK(tells(table_differences(log.file(), log.read_file()), "messages: 32|"));
    }
    SUBCASE("a value is another") {
        writer.execute("UPDATE messages SET content = 'Bonsoir !' WHERE id = 32");
        CHECK(tells(table_differences(log.file(), log.read_file()), "Bonsoir"));
    }
    SUBCASE("a checkpoint is behind") {
        writer.execute("UPDATE checkpoints SET position = 1");
        CHECK(tells(table_differences(log.file(), log.read_file()), "checkpoints: main|0|1"));
    }
}

}  // namespace
}  // namespace dacapo::test
