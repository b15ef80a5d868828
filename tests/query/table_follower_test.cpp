#include "query/table_follower.hpp"

#include "tests/support/projected.hpp"
#include "tests/support/temporary_folder.hpp"

#include <doctest/doctest.h>

namespace dacapo {
namespace {

using namespace dacapo::testing;

StreamEvent message(std::int64_t id) {
    return {{StreamKind::conversation, 17},
            ConversationEvent(
                MessageSent{{id}, {17}, id, {1}, {2}, "hey", std::nullopt, std::nullopt, ManualClock::noon})};
}

// A projector that is another process, and who follows it.
struct Apart {
    explicit Apart(MemoryLog::Positions positions) : log(16, "00000000000000aa", positions) {
        TableFollowerOptions options;
        options.sinks.push_back([this](std::span<const LogEntryPtr> entries) {
            for (const auto& entry : entries) {
                told.push_back(entry->position);
                ahead = ahead || !session->value<std::int64_t>("SELECT id FROM messages WHERE id = " +
                                                               std::to_string(message_id(*entry)));
                early = early || progress.has_passed(log.head());
            }
        });
        session = projector.database.open_reader();
        follower.emplace(log, *session, progress, clock, std::move(options));
    }
    static std::int64_t message_id(const LogEntry& entry) {
        return std::get<MessageSent>(std::get<ConversationEvent>(entry.record.events.front().event))
            .message_id.value;
    }

    TemporaryFolder folder;
    ManualClock clock;
    MemoryLog log;
    Projector projector{log, folder / "read.db"};
    Progress progress{log.start()};
    std::unique_ptr<sql::Session> session;
    std::optional<TableFollower> follower;
    std::vector<Position> told;
    bool ahead = false;  // told of a record whose row is not there
    bool early = false;  // who waits was let go before the sinks had been told
};

}  // namespace

TEST_CASE("what others project is told once, when the tables show it and before anybody who waits goes on") {
    for (const auto positions : {MemoryLog::Positions::one_sequence, MemoryLog::Positions::by_shard}) {
        Apart apart(positions);
        apart.log.add(1, {message(1)});
        apart.projector.catch_up();
        CHECK(apart.follower->step());
        CHECK(apart.follower->is_following());
        CHECK(apart.told.empty());  // The caches begin empty and the feeds begin here.
        CHECK(apart.progress.has_passed(apart.log.head()));

        apart.log.add(1, {message(2)}, ManualClock::noon);
        apart.log.add(9, {message(3)}, ManualClock::noon);
        CHECK_FALSE(apart.follower->step());  // in the log, but not in the tables
        CHECK(apart.told.empty());
        CHECK_FALSE(apart.progress.has_passed(apart.log.head()));
        apart.clock.advance(std::chrono::seconds(3));
        CHECK(apart.follower->lag() > std::chrono::seconds(2));

        apart.projector.catch_up();
        CHECK(apart.follower->step());
        CHECK(apart.told.size() == 2);
        CHECK_FALSE(apart.ahead);
        CHECK_FALSE(apart.early);
        CHECK(apart.progress.has_passed(apart.log.head()));
        CHECK_FALSE(apart.follower->step());
        CHECK(apart.told.size() == 2);
        CHECK(apart.follower->lag() == std::chrono::milliseconds(0));
    }
}

TEST_CASE("tables of another log are waited for and not believed") {
    TemporaryFolder folder;
    const ManualClock clock;
    MemoryLog other(16, "00000000000000bb");
    other.add(1, {message(1)});
    {
        Projector projector(other, folder / "read.db");
        projector.catch_up();
    }
    MemoryLog log;
    Progress progress;
    sql::ReadDatabase database(database_at(folder / "read.db"));
    const auto session = database.open_reader();
    TableFollower follower(log, *session, progress, clock, {});
    CHECK_FALSE(follower.step());
    CHECK_FALSE(follower.is_following());
    CHECK(progress.passed() == log.start());
    Projector projector(log, folder / "read.db");
    projector.catch_up();
    CHECK(follower.step());
    CHECK(follower.is_following());
}

}  // namespace dacapo
