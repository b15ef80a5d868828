#include "command/directory.hpp"
#include "infra/session_registry.hpp"

#include <doctest/doctest.h>
#include <atomic>
#include <thread>

namespace dacapo {
namespace {

using Standing = SessionRegistry::Standing;

LogEntry entry_of(std::vector<Event> events) {
    LogEntry entry;
    for (auto& event : events) entry.record.events.push_back({{}, 1, std::move(event)});
    return entry;
}

}  // namespace

TEST_CASE("the directory knows users and gatherings from what is durable") {
    Directory directory;
    for (const std::int64_t value : {std::int64_t{-1}, std::int64_t{0}, std::int64_t{5}, id_limit}) {
        CHECK(!directory.knows_user(UserId{value}));
        CHECK(!directory.knows_gathering(GatheringId{value}));
    }
    AccountRegistered registered;
    registered.user_id = UserId{5};
    GatheringScheduled scheduled;
    scheduled.gathering_id = GatheringId{33};
    directory.fold(entry_of({AccountEvent{registered}, GatheringEvent{scheduled}}));
    CHECK(directory.knows_user(UserId{5}));
    CHECK(!directory.knows_user(UserId{4}));
    CHECK(!directory.knows_user(UserId{6}));
    CHECK(directory.knows_gathering(GatheringId{33}));
    directory.fold(entry_of({GatheringEvent{GatheringCancelled{GatheringId{33}, {}, {}, {}}}}));
    CHECK(directory.knows_gathering(GatheringId{33}));
    directory.fold(entry_of({GatheringEvent{GatheringDeleted{GatheringId{33}, {}}}}));
    CHECK(!directory.knows_gathering(GatheringId{33}));
}

TEST_CASE("a session is unknown and then live and then ended") {
    SessionRegistry sessions;
    std::vector<SessionId> told;
    sessions.on_end([&](SessionId id) { told.push_back(id); });
    CHECK(sessions.standing(SessionId{7}) == Standing::unknown);
    sessions.fold(entry_of({SessionEvent{SessionOpened{SessionId{7}, {}, {}, {}}}}));
    CHECK(sessions.standing(SessionId{7}) == Standing::live);
    sessions.fold(entry_of({SessionEvent{SessionRefreshed{SessionId{7}, {}, {}, {}}}}));
    CHECK(sessions.standing(SessionId{7}) == Standing::live);
    CHECK(told.empty());
    sessions.fold(entry_of({SessionEvent{SessionEnded{SessionId{7}, {}, SessionEnd::logged_out}}}));
    CHECK(sessions.standing(SessionId{7}) == Standing::ended);
    CHECK(told == std::vector{SessionId{7}});
}

TEST_CASE("any session id may be asked for") {
    SessionRegistry sessions;
    for (const std::int64_t value :
         {std::int64_t{-1}, std::int64_t{0}, std::int64_t{65'536}, std::int64_t{1} << 32, id_limit,
          std::numeric_limits<std::int64_t>::max()})
        CHECK(sessions.standing(SessionId{value}) == Standing::unknown);
    for (const std::int64_t value : {65'535, 65'536, 200'000}) {
        sessions.open(SessionId{value});
        CHECK(sessions.standing(SessionId{value}) == Standing::live);
    }
}

TEST_CASE("sessions are read while others are added") {
    SessionRegistry sessions;
    constexpr std::int64_t count = 150'000;
    std::atomic<std::int64_t> opened{0};
    std::thread writer([&] {
        for (std::int64_t id = 1; id <= count; ++id) {
            sessions.open(SessionId{id});
            opened.store(id);
        }
    });
    bool all_live = true;
    while (opened.load() < count) {
        const auto newest = opened.load();
        if (newest > 0 && sessions.standing(SessionId{newest}) != Standing::live) all_live = false;
    }
    writer.join();
    CHECK(all_live);
}

}  // namespace dacapo
