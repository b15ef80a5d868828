// Capacity, the waiting list and what becomes of both when an event changes, is cancelled or deleted; and
// titles.
#include "tests/support/running_server.hpp"

#include <doctest/doctest.h>
#include <atomic>
#include <thread>

namespace dacapo::test {
namespace {

std::vector<Person> people(RunningServer& server, int count) {
    std::vector<Person> all;
    for (int i = 1; i <= count; ++i) all.push_back(server.person("guest" + std::to_string(i)));
    return all;
}

std::string path_of(const Answer& made) { return "/events/" + std::to_string(made.number("id")); }

TEST_CASE("past the capacity people wait in the order in which they came") {
    RunningServer server;
    auto host = server.person("host");
    const auto made = host.create_event("Jam", {{"capacity", 2}});
    const auto id = made.number("id");
    auto guests = people(server, 3);
    CHECK(differences(guests[0].join(id).json(), {{"event_id", id},
                                                  {"user_id", guests[0].id},
                                                  {"status", "going"},
                                                  {"position", nullptr},
                                                  {"joined_at", "2024-03-14T12:00:00Z"}}) == "");
    CHECK(differences(guests[1].join(id).json(), {{"status", "waitlisted"}, {"position", 1}}) == "");
    CHECK(differences(guests[2].join(id).json(), {{"status", "waitlisted"}, {"position", 2}}) == "");
    CHECK(guests[2].join(id).told() == "409 already_joined");
    CHECK(guests[0].join(id).told() == "409 already_joined");
    const auto list = host.get(path_of(made) + "/participants?count=true");
    CHECK(list.header("X-Total-Count") == "4");
    CHECK(column(list.json(), "user_id") == json::array{host.id, guests[0].id, guests[1].id, guests[2].id});
    CHECK(column(list.json(), "position") == json::array{nullptr, nullptr, 1, 2});
    CHECK(column(host.get(path_of(made) + "/participants?skip=3").json(), "position") == json::array{2});
    CHECK(differences(host.get(path_of(made)).json(), {{"participant_count", 2}, {"waitlist_count", 2}}) ==
          "");
    CHECK(guests[1].get(path_of(made)).text("my_status") == "waitlisted");
}

TEST_CASE("a freed seat goes to the first in line and those behind move up") {
    RunningServer server;
    auto host = server.person("host");
    const auto made = host.create_event("Jam", {{"capacity", 2}});
    auto guests = people(server, 3);
    for (auto& guest : guests) guest.join(made.number("id"));
    const auto mine = path_of(made) + "/participation";
    CHECK(guests[0].del(mine).status == 204);
    CHECK(guests[1].get(path_of(made)).text("my_status") == "going");
    CHECK(column(host.get(path_of(made) + "/participants").json(), "position") ==
          json::array{nullptr, nullptr, 1});
    CHECK(guests[0].del(mine).told() == "404 not_in");
    CHECK(differences(guests[0].join(made.number("id")).json(),
                      {{"status", "waitlisted"}, {"position", 2}}) == "");
    CHECK(guests[2].post(path_of(made) + "/leave").status == 204);  // out of the line
    CHECK(guests[0].get(path_of(made) + "/participants").json().at(2).at("position") == json::value(1));
    CHECK(host.del(mine).told() == "409 creator_cannot_leave");
}

TEST_CASE("a raised capacity seats those who wait and one below those who go is 409") {
    RunningServer server;
    auto host = server.person("host");
    const auto made = host.create_event("Jam", {{"capacity", 1}});
    auto guests = people(server, 4);
    for (auto& guest : guests) guest.join(made.number("id"));
    const auto raised = host.patch(path_of(made), {{"capacity", 3}});
    CHECK(differences(raised.json(), {{"capacity", 3}, {"participant_count", 3}, {"waitlist_count", 2}}) ==
          "");
    CHECK(differences(host.get(path_of(made)).json(), raised.json()) == "");
    CHECK(guests[1].get(path_of(made)).text("my_status") == "going");
    CHECK(guests[2].get(path_of(made)).text("my_status") == "waitlisted");
    CHECK(host.patch(path_of(made), {{"capacity", 2}}).told() == "409 capacity_below_going");
    const auto open = host.patch(path_of(made), {{"capacity", nullptr}});
    CHECK(differences(open.json(),
                      {{"capacity", nullptr}, {"participant_count", 5}, {"waitlist_count", 0}}) == "");
}

TEST_CASE("only a host or an admin may change an event") {
    RunningServer server;
    auto host = server.person("host");
    auto other = server.person("other");
    const auto made = host.create_event("Jam");
    const auto head = server.log_head();
    CHECK(other.patch(path_of(made), {{"location", "x"}}).told() == "403 not_host");
    CHECK(other.del(path_of(made)).told() == "403 not_host");
    CHECK(other.post(path_of(made) + "/cancel").told() == "403 not_host");
    CHECK(Client(server).del(path_of(made)).told() == "401 token_missing");
    CHECK(server.log_head() == head);
    CHECK(as_admin(server, other).patch(path_of(made), {{"location", "Halle"}}).text("location") == "Halle");
}

TEST_CASE("PUT replaces the details and PATCH changes what is named") {
    RunningServer server;
    auto host = server.person("host");
    const auto made = host.create_event("Jam", {{"latitude", 45.7}, {"longitude", 4.8}, {"type", "jam"}});
    const auto patched = host.patch(path_of(made), {{"date", "2024-03-16T21:00:00+02:00"}});
    CHECK(differences(patched.json(), {{"date", "2024-03-16T20:00:00"},
                                       {"starts_at", "2024-03-16T19:00:00Z"},
                                       {"latitude", 45.7},
                                       {"type", "jam"},
                                       {"version", 2}}) == "");
    const auto replaced = host.put(path_of(made), {{"title", "Jam"},
                                                   {"description", "New"},
                                                   {"date", "2024-03-17T20:00:00"},
                                                   {"location", "Halle"},
                                                   {"timezone", "Europe/London"}});
    CHECK(differences(replaced.json(), {{"latitude", nullptr},
                                        {"type", "other"},
                                        {"timezone", "Europe/London"},
                                        {"starts_at", "2024-03-17T20:00:00Z"},
                                        {"version", 3}}) == "");
    CHECK(host.get(path_of(made)).json() == replaced.json());
    const auto head = server.log_head();
    CHECK(host.patch(path_of(made), {{"location", "Halle"}}).number("version") == 3);
    CHECK(server.log_head() == head);  // no change, no record
}

TEST_CASE("a cancelled event stays visible and takes nobody and its title is free") {
    RunningServer server;
    auto host = server.person("host");
    auto guest = server.person("guest");
    const auto made = host.create_event("Jam");
    guest.join(made.number("id"));
    const auto cancelled = host.post(path_of(made) + "/cancel", {{"reason", "The hall is flooded."}});
    CHECK(cancelled.text("status") == "cancelled");
    CHECK(host.get(path_of(made)).json() == cancelled.json());
    CHECK(host.post(path_of(made) + "/cancel").status == 200);  // twice is once
    CHECK(server.person("late").join(made.number("id")).told() == "409 event_closed");
    CHECK(guest.post(path_of(made) + "/leave").told() == "409 event_closed");
    CHECK(host.patch(path_of(made), {{"location", "x"}}).told() == "409 event_closed");
    CHECK(host.create_event("jam").status == 200);
}

TEST_CASE("a deleted event is gone with its list of participants and its title is free") {
    RunningServer server;
    auto host = server.person("host");
    auto guest = server.person("guest");
    const auto made = host.create_event("Jam");
    guest.join(made.number("id"));
    CHECK(host.del(path_of(made)).status == 204);
    CHECK(guest.get(path_of(made)).told() == "404 not_found");
    CHECK(guest.get(path_of(made) + "/participants").told() == "404 not_found");
    CHECK(guest.join(made.number("id")).told() == "404 not_found");
    CHECK(host.del(path_of(made)).told() == "404 not_found");
    CHECK(guest.get("/events/?mine=true").json() == json::array{});
    CHECK(host.create_event("Jam").status == 200);
}

TEST_CASE("a rename claims the new title and frees the old one in whatever shard each lies") {
    RunningServer server;
    auto host = server.person("host");
    const auto made = host.create_event("Title 0");
    const auto fixed = host.create_event("Fixed");
    for (int i = 1; i <= 20; ++i) {
        const auto title = "Title " + std::to_string(i);
        const auto renamed = host.patch(path_of(made), {{"title", title}});
        REQUIRE_MESSAGE(renamed.status == 200, renamed.body);
        CHECK(renamed.text("title") == title);
        CHECK(host.get(path_of(made)).text("title") == title);
        const auto old = host.create_event("Title " + std::to_string(i - 1));
        CHECK_MESSAGE(old.status == 200, old.body);
        CHECK(host.create_event(title).told() == "400 title_taken");
        CHECK(host.patch(path_of(made), {{"title", "fixed"}}).told() == "400 title_taken");
    }
    CHECK(host.patch(path_of(made), {{"title", "TITLE 20"}}).status == 200);  // its own
    CHECK(host.del(path_of(made)).status == 204);
    CHECK(host.create_event("Title 20").status == 200);
    CHECK(fixed.status == 200);
}

TEST_CASE("one title asked for by many at once is given once") {
    RunningServer server;
    auto host = server.person("host");
    const auto made = host.create_event("Old");
    std::atomic<int> won = 0;
    std::atomic<int> lost = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i)
        threads.emplace_back([&, i] {
            Client client(server);
            client.token = host.token;
            const json::value body{{"title", "Wanted"},
                                   {"description", ""},
                                   {"date", "2024-03-15T20:00:00"},
                                   {"location", "Docks"}};
            const auto answer =
                i == 0 ? client.patch(path_of(made), {{"title", "wanted"}}) : client.post("/events", body);
            if (answer.status == 200) ++won;
            if (answer.told() == "400 title_taken") ++lost;
        });
    for (auto& thread : threads) thread.join();
    CHECK(won == 1);
    CHECK(lost == 7);
}

TEST_CASE("a rush on the last seats gives each of them once and lines up the rest") {
    constexpr std::size_t guest_count = 40;
    constexpr std::int64_t seats = 10;  // with the host's
    RunningServer server;
    auto host = server.person("host");
    const auto made = host.create_event("Jam", {{"capacity", seats}});
    auto guests = people(server, guest_count);
    std::vector<Answer> answers(guest_count);
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < guest_count; ++i)
        threads.emplace_back([&, i] { answers[i] = guests[i].join(made.number("id")); });
    for (auto& thread : threads) thread.join();
    std::set<std::int64_t> places;
    std::int64_t going = 1;
    for (const auto& answer : answers) {
        REQUIRE(answer.status == 200);
        if (answer.text("status") == "going")
            ++going;
        else
            places.insert(answer.number("position"));
    }
    CHECK(going == seats);
    CHECK(places.size() == guest_count + 1 - seats);
    CHECK(*places.rbegin() == static_cast<std::int64_t>(places.size()));
    const auto list = host.get(path_of(made) + "/participants").json();
    for (const auto& entry : list.as_array()) {
        if (entry.at("status") == "going") continue;
        const auto place = entry.at("position");
        const auto found =
            std::ranges::find_if(guests, [&](const Person& p) { return entry.at("user_id") == p.id; });
        CHECK(answers[static_cast<std::size_t>(found - guests.begin())]["position"] == place);
    }
}

}  // namespace
}  // namespace dacapo::test
