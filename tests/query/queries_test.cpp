// The read routes on real tables, with rows projected from events. Handlers are called as the router would.
#include "infra/http/problem.hpp"
#include "query/routes.hpp"
#include "tests/support/projected.hpp"
#include "tests/support/query_server.hpp"

#include <doctest/doctest.h>
#include <boost/json.hpp>

namespace dacapo {
namespace {

namespace json = boost::json;
using testing::header_of;
using testing::QueryServer;

constexpr UserId ana{1}, ben{2}, cleo{3};
constexpr Timestamp at(int ms) { return Timestamp(std::chrono::milliseconds(ms)); }

struct Band : QueryServer {
    Band() {
        add(0, {{StreamKind::account, 1},
                AccountEvent(AccountRegistered{ana, "ana", "ana@example.org",
                                               "Ana \xC3\x89"
                                               "b\xC3\xA8ne",
                                               "hash", Role::user, at(1000)})});
        add(0, {{StreamKind::account, 2},
                AccountEvent(AccountRegistered{ben, "ben", "ben@example.org", std::nullopt, "hash",
                                               Role::admin, at(2000)})});
        add(0, {{StreamKind::account, 3},
                AccountEvent(AccountRegistered{cleo, "cleo", "cleo@example.org", "Cleo", "hash", Role::user,
                                               at(3000)})});
    }

    void schedule(std::int64_t id, std::string title, int starts_ms, UserId organizer = ana,
                  GatheringKind kind = GatheringKind::jam, std::int64_t capacity = 1) {
        GatheringScheduled e;
        e.gathering_id = {id};
        e.organizer_id = organizer;
        e.scheduled_at = at(100'000 - starts_ms);
        e.details.title = std::move(title);
        e.details.description = "d";
        e.details.date = "2030-06-21T20:00:00";
        e.details.timezone = "Europe/Paris";
        e.details.starts_at = at(starts_ms);
        e.details.location = "Mole";
        e.details.kind = kind;
        add(1, {{StreamKind::gathering, id}, GatheringEvent(e)});
        add(1, {{StreamKind::gathering, id}, GatheringEvent(HostAdded{{id}, organizer, at(1)})});
        roster(id, RosterOpened{{id}, capacity});
        roster(id, ParticipantJoined{{id}, organizer, at(5000)});
    }
    void roster(std::int64_t id, RosterEvent event) { add(1, {{StreamKind::roster, id}, event}); }
    void send(std::int64_t id, std::int64_t sequence, UserId from, UserId to, int ms,
              std::string content = "hey") {
        add(2,
            {{StreamKind::conversation, 17},
             ConversationEvent(MessageSent{
                 {id}, {17}, sequence, from, to, std::move(content), std::nullopt, std::nullopt, at(ms)})});
    }
    void read_up_to(UserId user, std::int64_t sequence) {
        add(2, {{StreamKind::conversation, 17}, ConversationEvent(ReadMarkerMoved{{17}, user, sequence})});
    }

    json::value body(const std::string& target, UserId viewer = {}) {
        const auto response = get(target, viewer);
        CHECK(response.status == 200);
        return json::parse(response.content());
    }
    // "1 2 3": the ids of a list.
    std::string ids(const std::string& target, UserId viewer = {}, const char* key = "id") {
        const auto list = body(target, viewer);
        std::string text;
        for (const auto& item : list.as_array())
            text += (text.empty() ? "" : " ") + std::to_string(item.at(key).as_int64());
        return text;
    }
};

TEST_CASE_FIXTURE(Band, "a user is shown with all fields of the contract") {
    CHECK(get("/users/1").content() ==
          "{\"id\":1,\"username\":\"ana\",\"email\":\"ana@example.org\",\"full_name\":\"Ana \xC3\x89"
          "b\xC3\xA8ne\",\"bio\":null,"
          "\"role\":\"user\",\"created_at\":\"1970-01-01T00:00:01Z\"}");
    CHECK(problem_of("/users/4") == "404 not_found");
}

TEST_CASE_FIXTURE(Band,
                  "users are listed by id and found by a part of their names without case and accents") {
    CHECK(ids("/users") == "1 2 3");
    CHECK(ids("/users?q=EBENE") == "1");
    CHECK(ids("/users?q=be") == "1 2");
    CHECK(ids("/users?q=%25") == "");
    CHECK(ids("/users?skip=1&limit=1") == "2");
    CHECK(ids("/users?skip=5") == "");
}

TEST_CASE_FIXTURE(Band, "a page names its neighbours and the total when asked") {
    const auto page = get("/users?skip=1&limit=1&count=true");
    CHECK(header_of(page, "X-Total-Count") == "3");
    CHECK(header_of(page, "Link") ==
          "<http://test/users?count=true&skip=2&limit=1>; rel=\"next\", "
          "<http://test/users?count=true&skip=0&limit=1>; rel=\"prev\"");
    CHECK(header_of(get("/users"), "Link").empty());
    CHECK(header_of(get("/users"), "X-Total-Count").empty());
    CHECK(header_of(get("/users?q=be&count=true"), "X-Total-Count") == "2");
    CHECK(problem_of("/users?limit=501&skip=-1") == "422 invalid");
}

TEST_CASE_FIXTURE(Band, "an e-mail address is shown to whom the policy lets see it") {
    const auto shown = [&](std::string target, UserId viewer) {
        const auto value = body(target, viewer);
        const auto& user = value.is_array() ? value.as_array().at(0) : value;
        return user.at("email").is_string();
    };
    for (const auto* target : {"/users/1", "/users"}) {
        restart(EmailVisibility::everyone);
        CHECK(shown(target, {}));
        restart(EmailVisibility::members);
        CHECK_FALSE(shown(target, {}));
        CHECK(shown(target, ben));
        CHECK_FALSE(shown(target, {}));
        restart(EmailVisibility::self);
        CHECK(shown(target, ana));
        CHECK_FALSE(shown(target, ben));
        CHECK_FALSE(shown(target, {}));
    }
}

TEST_CASE_FIXTURE(Band, "the connected user sees the count of unread messages and the own address") {
    restart(EmailVisibility::self);
    send(49, 1, ben, ana, 10);
    send(65, 2, ben, ana, 20);
    CHECK(body("/auth/me", ana).at("unread_messages").as_int64() == 2);
    CHECK(body("/auth/me", ana).at("email") == "ana@example.org");
    read_up_to(ana, 1);
    CHECK(body("/auth/me", ana).at("unread_messages").as_int64() == 1);
    CHECK(get("/users/me", ana).content() == get("/auth/me", ana).content());
    CHECK(body("/auth/me", ben).at("unread_messages").as_int64() == 0);
}

TEST_CASE_FIXTURE(Band, "an event shows its details and counts and the viewer's own status") {
    schedule(33, "Jam", 5000);
    roster(33, WaitlistEntered{{33}, ben, 1, at(6000)});
    const auto event = body("/events/33").as_object();
    CHECK(event.at("title") == "Jam");
    CHECK(event.at("organizer_id") == 1);
    CHECK(event.at("created_by") == 1);
    CHECK(event.at("type") == "jam");
    CHECK(event.at("status") == "published");
    CHECK(event.at("hosts") == json::parse("[1]"));
    CHECK(event.at("capacity") == 1);
    CHECK(event.at("participant_count") == 1);
    CHECK(event.at("waitlist_count") == 1);
    CHECK(event.at("starts_at") == "1970-01-01T00:00:05Z");
    CHECK(event.at("my_status").is_null());
    CHECK(body("/events/33", ana).at("my_status") == "going");
    CHECK(body("/events/33", ben).at("my_status") == "waitlisted");
    CHECK(body("/events/33", cleo).at("my_status").is_null());
    // What is added outside the cached text is part of the tag.
    CHECK(header_of(get("/events/33", ana), "ETag") != header_of(get("/events/33", ben), "ETag"));
    CHECK(problem_of("/events/49") == "404 not_found");
}

TEST_CASE_FIXTURE(Band, "an event from the cache is never older than the last change") {
    schedule(33, "Jam", 5000);
    CHECK(body("/events/33", ben).at("my_status").is_null());
    CHECK(ids("/events?mine=true", ben) == "");
    CHECK(caches->here().find("event/33"));
    roster(33, CapacitySet{{33}, 5});
    roster(33, ParticipantJoined{{33}, ben, at(7000)});
    CHECK(body("/events/33", ben).at("my_status") == "going");
    CHECK(body("/events/33").at("participant_count") == 2);
    CHECK(ids("/events?mine=true", ben) == "33");
    add(1, {{StreamKind::gathering, 33}, GatheringEvent(GatheringDeleted{{33}, ana})});
    CHECK(problem_of("/events/33") == "404 not_found");
    CHECK(ids("/events") == "");
}

TEST_CASE_FIXTURE(Band, "events are listed by their start and then by id and only published ones") {
    schedule(33, "Jam one", 5000);
    schedule(49, "Jam two", 4000);
    schedule(17, "Jam three", 5000);
    schedule(65, "Jam four", 1000);
    add(1, {{StreamKind::gathering, 65}, GatheringEvent(GatheringEnded{{65}, at(2000)})});
    CHECK(ids("/events") == "49 17 33");
    CHECK(ids("/events?sort=-starts_at") == "33 17 49");
    CHECK(ids("/events?sort=created_at") == "17 33 49");
    CHECK(ids("/events?sort=-created_at") == "49 33 17");
    CHECK(ids("/events?status=past") == "65");
    CHECK(ids("/events?status=cancelled") == "");
    CHECK(ids("/events?limit=1&skip=1") == "17");
    CHECK(header_of(get("/events?count=true&limit=1"), "X-Total-Count") == "3");
}

TEST_CASE_FIXTURE(Band, "all filters of events combine") {
    schedule(17, "Caf\xC3\xA9 jam", 1000, ana, GatheringKind::jam);
    schedule(33, "Caf\xC3\xA9 concert", 2000, ben, GatheringKind::concert);
    schedule(49, "Cellar jam", 3000, ben, GatheringKind::jam, 9);
    roster(49, ParticipantJoined{{49}, cleo, at(10)});
    CHECK(ids("/events?q=CAFE") == "17 33");
    CHECK(ids("/events?q=cafe&type=concert") == "33");
    CHECK(ids("/events?type=jam&organizer=2") == "49");
    CHECK(ids("/events?organizer=2&sort=-starts_at") == "49 33");
    CHECK(ids("/events?from=1970-01-01T00:00:02Z") == "33 49");
    CHECK(ids("/events?to=1970-01-01T00:00:02Z") == "17");
    CHECK(ids("/events?from=1970-01-01T00:00:02Z&to=1970-01-01T00:00:03Z") == "33");
    CHECK(ids("/events?mine=true", ben) == "33 49");
    CHECK(ids("/events?mine=true&q=jam", ben) == "49");
    CHECK(ids("/events?mine=true&organizer=2", cleo) == "49");
    CHECK(ids("/events?mine=true&organizer=1", cleo) == "");
    CHECK(header_of(get("/events?mine=true&count=true", cleo), "X-Total-Count") == "1");
    CHECK(header_of(get("/events?organizer=2&count=true"), "X-Total-Count") == "2");
    CHECK(problem_of("/events?mine=true") == "401 token_missing");
    CHECK(problem_of("/events?sort=title") == "422 invalid");
    CHECK(body("/events?mine=true", cleo).as_array().at(0).at("my_status") == "going");
    CHECK(body("/events?organizer=2").as_array().at(0).at("my_status").is_null());
}

TEST_CASE_FIXTURE(Band, "participants are those who go in their order and then the line with its places") {
    schedule(33, "Jam", 5000, ana, GatheringKind::jam, 2);
    roster(33, ParticipantJoined{{33}, cleo, at(6000)});
    for (int user = 4; user < 8; ++user)
        roster(33, WaitlistEntered{{33}, UserId{11 - user}, user - 3, at(7000)});
    CHECK(ids("/events/33/participants", {}, "user_id") == "1 3 7 6 5 4");
    const auto list = body("/events/33/participants").as_array();
    CHECK(list.at(1).at("status") == "going");
    CHECK(list.at(1).at("position").is_null());
    CHECK(list.at(2).at("position") == 1);
    CHECK(list.at(5).at("position") == 4);
    CHECK(body("/events/33/participants?skip=4&limit=1").as_array().at(0).at("position") == 3);
    CHECK(header_of(get("/events/33/participants?count=true"), "X-Total-Count") == "6");
    CHECK(problem_of("/events/49/participants") == "404 not_found");
}

TEST_CASE_FIXTURE(Band, "messages are listed newest first for the one who got or sent them") {
    send(49, 1, ana, ben, 10);
    send(33, 2, ben, ana, 20);
    send(65, 3, ana, ben, 30, "line\n\"quoted\"");
    send(17, 4, ana, ben, 30);
    CHECK(ids("/messages/received", ben) == "65 17 49");
    CHECK(ids("/messages/sent", ana) == "65 17 49");
    CHECK(ids("/messages/received", ana) == "33");
    CHECK(ids("/messages/received", cleo) == "");
    CHECK(ids("/messages/received?skip=1&limit=1", ben) == "17");
    CHECK(header_of(get("/messages/received?count=true", ben), "X-Total-Count") == "3");
    CHECK(body("/messages/received", ben).as_array().at(0).at("content") == "line\n\"quoted\"");
}

TEST_CASE_FIXTURE(Band, "a message is read once its receiver's marker has reached it") {
    send(49, 1, ana, ben, 10);
    send(65, 2, ana, ben, 20);
    const auto read = [&](const std::string& target, UserId viewer) {
        const auto list = body(target, viewer);
        std::string text;
        for (const auto& message : list.as_array()) {
            CHECK(message.at("is_read").as_bool() == (message.at("read_count") == 1));
            text += message.at("is_read").as_bool() ? "r" : "-";
        }
        return text;
    };
    CHECK(read("/messages/received", ben) == "--");
    CHECK(read("/messages/sent", ana) == "--");
    read_up_to(ben, 1);
    CHECK(read("/messages/received", ben) == "-r");
    CHECK(read("/messages/sent", ana) == "-r");
    read_up_to(ana, 2);  // The sender's own marker says nothing about the receiver.
    CHECK(read("/messages/sent", ana) == "-r");
}

TEST_CASE_FIXTURE(Band, "check-ins are listed while they are active and end by the clock") {
    const auto noon = clock.now();
    const auto check_in = [&](std::int64_t id, UserId user, std::chrono::hours ago,
                              std::optional<GatheringId> event) {
        CheckedIn e;
        e.check_in_id = {id};
        e.user_id = user;
        e.location_name = "Studio";
        e.event_id = event;
        e.checked_in_at = noon - ago;
        e.expires_at = noon - ago + std::chrono::hours(24);
        add(3, {{StreamKind::check_in, user.value}, CheckInEvent(e)});
    };
    check_in(17, ana, std::chrono::hours(30), std::nullopt);  // over by the clock, no event says so yet
    check_in(33, ben, std::chrono::hours(2), GatheringId{5});
    check_in(49, cleo, std::chrono::hours(1), std::nullopt);
    CHECK(ids("/checkins") == "49 33");
    CHECK(ids("/checkins?event_id=5") == "33");
    CHECK(ids("/checkins?active=false") == "17");
    CHECK(body("/checkins").as_array().at(1).at("username") == "ben");
    CHECK(body("/checkins/user/1").as_array().at(0).at("active") == false);
    CHECK(header_of(get("/checkins?count=true"), "X-Total-Count") == "2");
    CHECK(header_of(get("/checkins/user/2?count=true"), "X-Total-Count") == "1");
    add(3, {{StreamKind::check_in, 3}, CheckInEvent(CheckedOut{{49}, cleo, CheckOut::deleted})});
    CHECK(ids("/checkins") == "33");
    clock.advance(std::chrono::hours(22));
    CHECK(ids("/checkins") == "");
    CHECK(ids("/checkins/user/2") == "33");
    CHECK(problem_of("/checkins?active=perhaps&event_id=x") == "422 invalid");
}

TEST_CASE_FIXTURE(Band, "a client that has the answer already gets 304 without a body") {
    schedule(33, "Jam", 5000);
    for (const auto* target :
         {"/users/1", "/users", "/events/33", "/events", "/checkins", "/events/33/participants"}) {
        const auto first = get(target, {});
        const auto tag = header_of(first, "ETag");
        CHECK(header_of(first, "Cache-Control") == "no-cache, private");
        const auto again = get(target, {}, {.if_none_match = "\"other\", W/" + tag});
        CHECK(again.status == 304);
        CHECK(again.content().empty());
        CHECK(header_of(again, "ETag") == tag);
        CHECK(get(target, {}, {.if_none_match = "\"other\""}).status == 200);
    }
}

TEST_CASE_FIXTURE(Band, "a hit shares the cached body") {
    const auto first = get("/users/1");
    const auto second = get("/users/1");
    CHECK(first.shared_body);
    CHECK(first.shared_body == second.shared_body);
}

TEST_CASE_FIXTURE(Band, "a read waits for what was acknowledged when it arrived") {
    const auto position = add_unprojected(
        0, {{StreamKind::account, 4},
            AccountEvent(AccountRegistered{{4}, "dora", "d@example.org", {}, "h", Role::user, at(1)})});
    project_soon();
    CHECK(ids("/users") == "1 2 3 4");
    CHECK(progress->passed() == position);
}

TEST_CASE_FIXTURE(Band, "a read that cannot wait longer answers with how far behind it is") {
    add_unprojected(
        0, {{StreamKind::account, 4},
            AccountEvent(AccountRegistered{{4}, "dora", "d@example.org", {}, "h", Role::user, at(1)})});
    lag_s = 1.5;
    const auto response = get("/users");
    CHECK(header_of(response, "Dacapo-Lag") == "1.500");
    CHECK(json::parse(response.content()).as_array().size() == 3);
}

TEST_CASE_FIXTURE(Band, "a position is waited for and 504 tells how far it is") {
    const auto epoch = log.epoch();
    CHECK(get("/users/1", {}, {.position = epoch + ".0-3"}).status == 200);
    CHECK(get("/users/1?after=" + epoch + ".0-3,").status == 400);
    CHECK(problem_of("/users/1?after=" + epoch + ".0-9") == "504 not_there_yet");
    const auto position = add_unprojected(
        0, {{StreamKind::account, 4},
            AccountEvent(AccountRegistered{{4}, "dora", "d@example.org", {}, "h", Role::user, at(1)})});
    project_soon();
    const auto token = epoch + ".0-" + std::to_string(position);
    CHECK(get("/users/4", {}, {.cookie = "theme=dark; dacapo-position=" + token}).status == 200);
}

TEST_CASE_FIXTURE(Band, "a position of another log or of nobody is refused and its cookie removed") {
    const std::string foreign = "00000000000000bb.0-1";
    CHECK(problem_of("/users/1", {}, {.position = foreign}) == "400 position_unknown");
    CHECK(problem_of("/users/1", {}, {.position = "nonsense"}) == "400 position_unknown");
    CHECK(problem_of("/users/1", {}, {.position = log.epoch() + ".0-1, " + foreign}) ==
          "400 position_unknown");
    CHECK(problem_of("/users/1?after=" + foreign) == "400 position_unknown");
    const auto refused = get("/users/1", {}, {.cookie = "dacapo-position=" + foreign});
    CHECK(refused.status == 400);
    CHECK(header_of(refused, "Set-Cookie") == "dacapo-position=; Path=/; Max-Age=0");
}

}  // namespace
}  // namespace dacapo
