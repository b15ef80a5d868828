// Long lists walked by cursor: forwards and back, while others come and go, and with cursors that were
// tampered with.
#include "tests/support/running_server.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

namespace dacapo::test {
namespace {

// Where the answer's Link of this relation leads, without the host; empty when there is none.
std::string link(const Answer& answer, const std::string& relation) {
    const auto links = answer.header("Link");
    const auto end = links.find(">; rel=\"" + relation + "\"");
    if (end == links.npos) return {};
    const auto begin = links.rfind('<', end);
    const std::string base = "http://api.example";
    REQUIRE(links.substr(begin + 1, base.size()) == base);
    return links.substr(begin + 1 + base.size(), end - begin - 1 - base.size());
}

std::string cursor_in(const std::string& target) {
    const auto begin = target.find("cursor=") + 7;
    return target.substr(begin, target.find('&', begin) - begin);
}

// The values of all pages, following `relation` from there. `between` is called after each page.
template <class Between>
json::array walk(Client& client, std::string target, const std::string& relation, const char* key,
                 Between&& between) {
    json::array all;
    while (!target.empty()) {
        const auto page = client.get(target);
        REQUIRE(page.told() == "200");
        auto values = column(page.json(), key);
        if (relation == "prev") std::ranges::reverse(values);
        all.insert(all.end(), values.begin(), values.end());
        target = link(page, relation);
        between();
    }
    return all;
}
json::array walk(Client& client, std::string target, const std::string& relation, const char* key) {
    return walk(client, std::move(target), relation, key, [] {});
}

// Back again from where a walk of these pages ends.
json::array walk_back(Client& client, std::string target, const char* key) {
    std::string last = target;
    for (; !target.empty(); target = link(client.get(last), "next")) last = target;
    return walk(client, last, "prev", key);
}

json::array reversed(json::array values) {
    std::ranges::reverse(values);
    return values;
}

TEST_CASE("users and messages are walked by cursor to the end and back") {
    RunningServer server;
    auto zoe = server.person("zoe");
    auto malik = server.person("malik");
    for (const char* name : {"ana", "ben", "cleo", "mia", "mona"}) server.person(name);
    Client anyone(server);
    CHECK(walk(anyone, "/users/?cursor=&limit=3", "next", "id") == json::array{1, 2, 3, 4, 5, 6, 7});
    CHECK(walk_back(anyone, "/users/?cursor=&limit=3", "id") == json::array{7, 6, 5, 4, 3, 2, 1});
    CHECK(walk(anyone, "/users/?q=m&cursor=&limit=1", "next", "username") ==
          json::array{"malik", "mia", "mona"});
    CHECK(walk_back(anyone, "/users/?q=m&cursor=&limit=1", "username") ==
          json::array{"mona", "mia", "malik"});

    json::array sent;  // newest first; two of each moment
    for (int i = 0; i < 7; ++i) {
        sent.insert(sent.begin(), malik.message(zoe, "Hello")["id"]);
        if (i % 2 == 1) server.clock.advance(std::chrono::milliseconds(1));
    }
    for (auto* who : {&zoe, &malik}) {
        const std::string target =
            std::string(who == &zoe ? "/messages/received" : "/messages/sent") + "?cursor=&limit=2";
        CHECK(walk(*who, target, "next", "id") == sent);
        CHECK(walk_back(*who, target, "id") == reversed(sent));
        // What comes meanwhile stands before all that is still to be read.
        bool more = true;
        const auto seen = walk(*who, target, "next", "id", [&] {
            if (std::exchange(more, false)) malik.message(zoe, "Late");
        });
        CHECK(seen == sent);
        sent = column(who->get(target.substr(0, target.find('?'))).json(), "id");
    }
}

TEST_CASE("events that are there throughout come exactly once while others come and go") {
    RunningServer server;
    auto zoe = server.person("zoe");
    const auto date = [](int hour) { return "2024-04-01T" + std::to_string(hour) + ":00:00"; };
    for (int i = 0; i < 16; ++i) zoe.create_event("Jam " + std::to_string(i), {{"date", date(10 + i / 3)}});
    int round = 0;
    for (const std::string sort : {"starts_at", "-starts_at", "created_at", "-created_at"})
        for (const std::string filter : {"", "&organizer=1", "&mine=true"}) {
            CAPTURE(sort);
            CAPTURE(filter);
            const auto list = "/events/?sort=" + sort + filter;
            const auto target = list + "&limit=3&cursor=";
            const auto throughout = column(zoe.get(list).json(), "id");
            REQUIRE(throughout.size() >= 12);
            CHECK(walk(zoe, target, "next", "id") == throughout);
            CHECK(walk_back(zoe, target, "id") == reversed(throughout));
            std::set<std::int64_t> gone;
            int page = 0;
            const auto seen = walk(zoe, target, "next", "id", [&] {
                if (++page > 2) return;
                // One before the walk and one behind it, and the first that it has shown goes.
                for (const int hour : {9, 20})
                    zoe.create_event("More " + std::to_string(++round), {{"date", date(hour)}});
                const auto first = throughout[page == 1 ? 2 : 4].to_number<std::int64_t>();
                gone.insert(first);
                CHECK(zoe.post("/events/" + std::to_string(first) + "/cancel").status == 200);
            });
            json::array stayed;
            for (const auto& id : seen)
                if (std::ranges::find(throughout, id) != throughout.end() &&
                    !gone.contains(id.to_number<std::int64_t>()))
                    stayed.push_back(id);
            json::array expected;
            for (const auto& id : throughout)
                if (!gone.contains(id.to_number<std::int64_t>())) expected.push_back(id);
            CHECK(stayed == expected);
        }
}

TEST_CASE("a cursor that is altered or of another list or person or filter or order is 400") {
    RunningServer server;
    auto zoe = server.person("zoe");
    auto malik = server.person("malik");
    for (const char* title : {"Jam", "Jamboree", "Jamming"}) zoe.create_event(title);
    for (int i = 0; i < 3; ++i) {
        zoe.message(malik, "Hello");
        malik.message(zoe, "Hello");
    }
    const auto next = [](Client& client, const std::string& target) {
        const auto found = cursor_in(link(client.get(target), "next"));
        CHECK(found.size() == 59);
        return found;
    };
    const auto events = next(zoe, "/events/?limit=1&q=jam&cursor=");
    CHECK(zoe.get("/events/?limit=1&q=jam&cursor=" + events).told() == "200");
    CHECK(zoe.get("/events/?limit=2&q=JAM&cursor=" + events).told() ==
          "200");  // the same search, as it is folded
    CHECK(Client(server).get("/events?q=jam&cursor=" + events + "&x=1").told() == "200");
    for (const std::string other :
         {"", "q=jamb&", "q=jam&sort=-starts_at&", "q=jam&type=jam&", "q=jam&organizer=1&",
          "q=jam&mine=true&", "q=jam&from=2024-01-01&", "q=jam&status=past&"}) {
        CAPTURE(other);
        CHECK(zoe.get("/events/?" + other + "cursor=" + events).told() == "400 cursor_unknown");
    }
    auto altered = events;
    altered[20] = altered[20] == 'A' ? 'B' : 'A';
    for (const auto& bad : {altered, events + "A", std::string("x"), std::string("%F0%9F%8E%B8")})
        CHECK(zoe.get("/events/?limit=1&q=jam&cursor=" + bad).told() == "400 cursor_unknown");
    CHECK(zoe.get("/users/?cursor=" + events).told() == "400 cursor_unknown");

    const auto box = next(zoe, "/messages/received?limit=1&cursor=");
    CHECK(zoe.get("/messages/received?cursor=" + box).told() == "200");
    CHECK(zoe.get("/messages/sent?cursor=" + box).told() == "400 cursor_unknown");
    CHECK(malik.get("/messages/received?cursor=" + box).told() == "400 cursor_unknown");
    const auto own = next(zoe, "/events/?mine=true&limit=1&cursor=");
    CHECK(malik.get("/events/?mine=true&cursor=" + own).told() == "400 cursor_unknown");

    CHECK(zoe.get("/users/?skip=0&cursor=").told() == "422 invalid");
    CHECK(zoe.get("/users/?limit=501&cursor=x").told() == "422 invalid");
    const auto counted = zoe.get("/users/?count=true&limit=1&cursor=");
    CHECK(counted.header("X-Total-Count") == "2");
    CHECK(link(counted, "next").starts_with("/users?count=true&cursor="));
    CHECK(link(counted, "prev").empty());
}

}  // namespace
}  // namespace dacapo::test
