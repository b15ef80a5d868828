// The cache's promise: an answer is never served once an event has changed what it shows.
#include "query/cache.hpp"

#include <doctest/doctest.h>
#include <set>

namespace dacapo {
namespace {

constexpr UserId ana{1}, ben{2};
constexpr GatheringId jam{33};

AnswerPtr answer(std::string body) {
    auto made = std::make_shared<Answer>();
    made->etag = etag_of(body);
    made->body = std::make_shared<const std::string>(std::move(body));
    return made;
}

LogEntryPtr entry(Event event) {
    auto made = std::make_shared<LogEntry>();
    made->record.events.push_back({{}, 1, std::move(event)});
    return made;
}

struct Shelf {
    TagCounters counters;
    Cache cache{counters, 64 * 1024};

    Watch watch(std::vector<Tag> tags) { return cache.watch(tags); }
    void keep(const std::string& key, const std::string& body, std::vector<Tag> tags) {
        cache.put(key, answer(body), watch(std::move(tags)));
    }
    std::string find(std::string_view key) {
        const auto found = cache.find(key);
        return found ? *found->body : "";
    }
};

TEST_CASE_FIXTURE(Shelf, "an answer is found again until one of its tags is dropped") {
    keep("me", "ana", {{TagKind::user, 1}, {TagKind::messages, 1}});
    CHECK(find("me") == "ana");
    counters.drop({TagKind::user, 2});
    CHECK(find("me") == "ana");
    counters.drop({TagKind::messages, 1});
    CHECK(find("me").empty());
    CHECK(cache.size() == 0);
    CHECK(cache.bytes() == 0);
}

TEST_CASE_FIXTURE(Shelf, "a fill that raced with a drop is never served") {
    const auto before = watch({{TagKind::event, 33}});  // then the tables are read ...
    counters.drop({TagKind::event, 33});                // ... while a newer row is committed and announced
    cache.put("event", answer("old"), before);
    CHECK(find("event").empty());
    CHECK(cache.size() == 0);
}

TEST_CASE_FIXTURE(
    Shelf, "a drop between the commit and the fill spoils the fill also when another fill came first") {
    const auto slow = watch({{TagKind::event, 33}});
    counters.drop({TagKind::event, 33});
    keep("event", "new", {{TagKind::event, 33}});
    cache.put("event", answer("old"), slow);
    CHECK(find("event") == "new");
}

TEST_CASE_FIXTURE(Shelf, "building the tables anew drops every answer") {
    keep("a", "1", {{TagKind::users}});
    const auto before = watch({{TagKind::user, 5}});
    counters.drop_all();
    cache.put("b", answer("2"), before);
    CHECK(find("a").empty());
    CHECK(find("b").empty());
}

TEST_CASE_FIXTURE(Shelf, "the least recently used answers go when the bytes are full") {
    const std::string body(2000, 'x');
    for (int i = 0; i < 20; ++i) keep("k" + std::to_string(i), body, {{TagKind::users}});
    CHECK(find("k0") == body);  // used: it is no longer the oldest
    for (int i = 20; i < 40; ++i) keep("k" + std::to_string(i), body, {{TagKind::users}});
    CHECK(cache.bytes() <= 64 * 1024);
    CHECK(cache.stats().evictions > 0);
    CHECK(find("k0") == body);
    CHECK(find("k1").empty());
    CHECK(find("k39") == body);
}

TEST_CASE_FIXTURE(Shelf, "an answer over an eighth of the cache is left out") {
    keep("small", std::string(7000, 'x'), {{TagKind::users}});
    keep("large", std::string(8 * 1024, 'x'), {{TagKind::users}});
    CHECK_FALSE(find("small").empty());
    CHECK(find("large").empty());
}

TEST_CASE_FIXTURE(Shelf, "an answer put again replaces the first and its bytes") {
    keep("k", "one", {{TagKind::users}});
    const auto bytes = cache.bytes();
    keep("k", "two", {{TagKind::users}});
    CHECK(find("k") == "two");
    CHECK(cache.bytes() == bytes);
    CHECK(cache.size() == 1);
}

TEST_CASE_FIXTURE(Shelf, "an answer depends on four tags at most") {
    const std::vector<Tag> five(5, Tag{TagKind::users});
    CHECK_THROWS_AS(watch(five), std::length_error);
}

TEST_CASE("each thread has a cache of its own over the same counters") {
    Caches caches(64 * 1024);
    Caches others(64 * 1024);
    const std::vector<Tag> tags{{TagKind::users}};
    caches.here().put("k", answer("mine"), caches.here().watch(tags));
    CHECK(caches.here().find("k"));
    CHECK_FALSE(others.here().find("k"));
    CHECK(caches.here().find("k"));
    bool found_elsewhere = true;
    std::thread([&] {
        found_elsewhere = caches.here().find("k") != nullptr;
        caches.counters().drop({TagKind::users});
    }).join();
    CHECK_FALSE(found_elsewhere);
    CHECK_FALSE(caches.here().find("k"));
}

template <class E>
E of_ana() {
    E event;
    event.user_id = ana;
    return event;
}
template <class E>
E of_jam() {
    E event;
    event.gathering_id = jam;
    return event;
}

// Which of these tags an event drops.
std::string dropped_by(Event event) {
    const std::vector<std::pair<std::string, Tag>> tags{{"users", {TagKind::users}},
                                                        {"user:1", {TagKind::user, 1}},
                                                        {"user:2", {TagKind::user, 2}},
                                                        {"events", {TagKind::events}},
                                                        {"event:33", {TagKind::event, 33}},
                                                        {"event:34", {TagKind::event, 34}},
                                                        {"messages:1", {TagKind::messages, 1}},
                                                        {"messages:2", {TagKind::messages, 2}},
                                                        {"read_markers", {TagKind::read_markers}},
                                                        {"instruments", {TagKind::instruments}},
                                                        {"genres", {TagKind::genres}}};
    TagCounters counters;
    const std::vector entries{entry(std::move(event))};
    drop_for(counters, entries);
    std::string text;
    for (const auto& [name, tag] : tags)
        if (counters.at(TagCounters::slot_of(tag)) > 0) text += (text.empty() ? "" : " ") + name;
    return text;
}

TEST_CASE("an event drops the tags of what it changes and no other") {
    CHECK(dropped_by(AccountEvent(of_ana<AccountRegistered>())) == "users user:1");
    CHECK(dropped_by(AccountEvent(of_ana<AccountPasswordChanged>())).empty());
    CHECK(dropped_by(AccountEvent(of_ana<AccountPasswordRehashed>())).empty());
    CHECK(dropped_by(SessionEvent(of_ana<SessionOpened>())).empty());
    CHECK(dropped_by(SessionEvent(of_ana<SessionRefreshed>())).empty());
    CHECK(dropped_by(SessionEvent(of_ana<SessionEnded>())).empty());
    CHECK(dropped_by(TitleEvent(of_jam<TitleClaimed>())).empty());
    for (const GatheringEvent& event :
         {GatheringEvent(of_jam<GatheringScheduled>()), GatheringEvent(of_jam<HostAdded>()),
          GatheringEvent(of_jam<GatheringChanged>()), GatheringEvent(of_jam<GatheringCancelled>()),
          GatheringEvent(of_jam<GatheringEnded>()), GatheringEvent(of_jam<GatheringDeleted>())})
        CHECK(dropped_by(event) == "events event:33");
    for (const RosterEvent& event :
         {RosterEvent(of_jam<RosterOpened>()), RosterEvent(of_jam<ParticipantJoined>()),
          RosterEvent(of_jam<WaitlistEntered>()), RosterEvent(of_jam<SeatTaken>()),
          RosterEvent(of_jam<ParticipantWithdrew>()), RosterEvent(of_jam<CapacitySet>()),
          RosterEvent(of_jam<RosterClosed>())})
        CHECK(dropped_by(event) == "events event:33");
    MessageSent sent;
    sent.sender_id = ana;
    sent.receiver_id = ben;
    CHECK(dropped_by(ConversationEvent(sent)) == "messages:1 messages:2");
    CHECK(dropped_by(ConversationEvent(ReadMarkerMoved{{17}, ben, 4})) == "messages:2 read_markers");
    CHECK(dropped_by(CheckInEvent(of_ana<CheckedIn>())).empty());
    for (const InstrumentEvent& event :
         {InstrumentEvent(InstrumentAdded{}), InstrumentEvent(InstrumentRenamed{}),
          InstrumentEvent(InstrumentRetired{})})
        CHECK(dropped_by(event) == "instruments");
    for (const GenreEvent& event :
         {GenreEvent(GenreAdded{}), GenreEvent(GenreRenamed{}), GenreEvent(GenreRetired{})})
        CHECK(dropped_by(event) == "genres");
}

TEST_CASE("an entity tag is strong and quoted and the same for the same bytes") {
    CHECK(etag_of("[]") == etag_of("[]"));
    CHECK(etag_of("[]").size() == 13);
    CHECK(etag_of("[]").front() == '"');
    CHECK(etag_of("[]").back() == '"');
    CHECK(etag_of("body", "2") != etag_of("body", "3"));
    std::set<std::string> seen;
    std::string body(40, 'a');
    for (std::size_t i = 0; i < body.size(); ++i) {
        auto other = body;
        other[i] = 'b';
        seen.insert(etag_of(other));
        seen.insert(etag_of(std::string_view(body).substr(0, i)));
    }
    CHECK(seen.size() == 80);
    // Another process, another day: never changes.
    CHECK(etag_of("dacapo") == "\"MqrxdMiYnvM\"");
}

}  // namespace
}  // namespace dacapo
