// A socket that comes back with the position of its last frame: what it missed, once, and then what follows.
#include "query/feed_replay.hpp"

#include "infra/http/problem.hpp"
#include "tests/support/feed_server.hpp"

#include <doctest/doctest.h>
#include <random>
#include <set>

namespace dacapo {
namespace {

namespace json = boost::json;
using namespace testing;

constexpr UserId ana{1}, ben{2};

std::vector<std::int64_t> message_ids(const FakeSocket& socket) {
    std::vector<std::int64_t> ids;
    for (const auto& frame : socket.of_type("new_message"))
        ids.push_back(frame.at("message").at("id").as_int64());
    return ids;
}

bool recovered(const FakeSocket& socket) { return socket.of_type("initial").at(0).at("recovered").as_bool(); }

std::string position_of(const http::Frame& frame) {
    return json::value_to<std::string>(json::parse(payload_of(frame)).at("position"));
}

Position say(FeedServer& server, std::int64_t id, UserId to = ana) {
    return server.add(static_cast<int>(id % 16), FeedServer::message(id, ben, to));
}

}  // namespace

TEST_CASE("who comes back gets the messages of meanwhile, in order, before the live ones") {
    FeedServer server;
    say(server, 17);
    const auto before = server.connected(server.token(1));
    say(server, 18);
    server.run_until([&] { return before->count("new_message") == 1; });
    before->vanish();
    say(server, 19);
    say(server, 20, ben);
    say(server, 21);

    const auto after = server.resumed(server.token(1), *before);
    CHECK(recovered(*after));
    CHECK(message_ids(*after) == std::vector<std::int64_t>{19, 21});
    CHECK(after->of_type("initial").at(0).at("unread").as_int64() == 4);
    say(server, 22);
    server.run_until([&] { return after->count("new_message") == 3; });
    CHECK(message_ids(*after) == std::vector<std::int64_t>{19, 21, 22});
}

TEST_CASE(
    "who lost the connection anywhere among the frames of a return misses nothing and gets nothing twice") {
    FeedServer server;
    const auto first = server.connected(server.token(1));
    for (std::int64_t id = 33; id < 41; ++id) say(server, id, id % 2 != 0 ? ana : ben);
    server.run_until([&] { return first->count("new_message") == 4; });
    for (const auto& frame : first->frames) {
        const auto again = server.connect(server.token(1), 0, {}, position_of(frame));
        server.run_until([&] { return again->count("initial") == 1; });
        std::vector<std::int64_t> got;
        for (const auto& earlier : first->frames) {
            const auto object = json::parse(payload_of(earlier)).as_object();
            if (object.at("type").as_string() == "new_message")
                got.push_back(object.at("message").at("id").as_int64());
            if (&earlier == &frame) break;
        }
        for (const auto id : message_ids(*again)) got.push_back(id);
        CHECK(got == std::vector<std::int64_t>{33, 35, 37, 39});
        // The frames of a return are places to come back to, too.
        for (const auto& place : again->frames) {
            const auto third = server.connect(server.token(1), 0, {}, position_of(place));
            server.run_until([&] { return third->count("initial") == 1; });
            const auto shown = static_cast<std::size_t>(&place - again->frames.data());
            CHECK(shown + message_ids(*third).size() == message_ids(*again).size());
        }
    }
}

TEST_CASE("what is committed while a return is read comes once") {
    FeedServer server;
    const auto before = server.connected(server.token(1));
    say(server, 17);
    server.run_until([&] { return before->count("new_message") == 1; });
    before->vanish();
    std::mt19937_64 random(7);
    std::int64_t id = 18;
    auto last = before;
    std::vector<std::int64_t> got = message_ids(*before);
    for (int round = 0; round < 30; ++round) {
        const auto position = position_of(last->frames.back());
        const auto socket = server.connect(server.token(1), random() % 2, {}, position);
        // Some before the tables are read for it, some while, some after.
        for (auto count = random() % 4; count > 0; --count) {
            say(server, id++);
            if (random() % 2 == 0) server.settle();
        }
        server.run_until([&] { return socket->count("initial") == 1; });
        server.settle();
        if (random() % 3 != 0) socket->vanish();
        for (const auto message : message_ids(*socket)) got.push_back(message);
        if (socket->is_open()) socket->vanish();
        last = socket;
    }
    const auto end = server.connect(server.token(1), 0, {}, position_of(last->frames.back()));
    server.run_until([&] { return end->count("initial") == 1; });
    for (const auto message : message_ids(*end)) got.push_back(message);
    CHECK(std::set(got.begin(), got.end()).size() == got.size());
    CHECK(std::ssize(got) == id - 17);
}

TEST_CASE("a position of another log, or too long ago, is announced as not recovered") {
    FeedSettings settings;
    settings.replay_records_max = 5;
    FeedServer server(settings);
    for (std::int64_t id = 17; id < 22; ++id) say(server, id);
    const auto come_back = [&](const std::string& since) {
        const auto socket = server.connect(server.token(1), 0, {}, since);
        server.run_until([&] { return socket->count("initial") == 1; });
        return socket;
    };
    const auto start = std::string("00000000000000aa");
    CHECK(recovered(*come_back(start)));
    CHECK(message_ids(*come_back(start)).size() == 5);

    const auto foreign = come_back("00000000000000bb.0-3");
    CHECK_FALSE(recovered(*foreign));
    CHECK(message_ids(*foreign).empty());
    say(server, 22);
    server.run_until([&] { return foreign->count("new_message") == 1; });

    const auto long_ago = come_back(start);
    CHECK_FALSE(recovered(*long_ago));
    CHECK(message_ids(*long_ago).empty());
    CHECK(recovered(*come_back(position_of(long_ago->frames.back()))));
    CHECK_FALSE(server.connected(server.token(1))->of_type("initial").at(0).contains("recovered"));
    CHECK_THROWS_AS(come_back("yesterday"), http::Problem);
}

TEST_CASE("more than a socket's queue can take is not sent in part") {
    FeedSettings settings;
    settings.replay_bytes_max = 1'000;
    FeedServer server(settings);
    const auto before = server.connected(server.token(1));
    say(server, 17);
    server.run_until([&] { return before->count("new_message") == 1; });
    before->vanish();
    say(server, 18);
    const auto little = server.resumed(server.token(1), *before);
    CHECK(recovered(*little));
    CHECK(message_ids(*little) == std::vector<std::int64_t>{18});
    for (std::int64_t id = 19; id < 23; ++id) say(server, id);
    const auto much = server.resumed(server.token(1), *before);
    CHECK_FALSE(recovered(*much));
    CHECK(message_ids(*much).empty());
}

TEST_CASE("on a log of several sequences the messages of every shard are given back") {
    MemoryLog log(16, "00000000000000aa", MemoryLog::Positions::by_shard);
    const auto add = [&](int shard, std::int64_t id, UserId to) {
        log.add(shard, {FeedServer::message(id, ben, to)}, ManualClock::noon);
    };
    add(1, 17, ana);
    add(5, 21, ana);
    const auto since = log.head();
    add(5, 37, ana);
    add(1, 33, ana);
    add(1, 49, ben);
    const auto present = log.head();
    add(2, 18, ana);  // not yet published

    const auto replay = replay_of(log, ana, since, present, FeedSettings{});
    REQUIRE(replay.whole);
    REQUIRE(replay.messages.size() == 2);
    CHECK(position_of(replay.messages.back()) == "00000000000000aa.1-3.5-2");
    CHECK(replay_of(log, ana, present, present, FeedSettings{}).messages.empty());
    CHECK(replay_of(log, ana, log.start(), present, FeedSettings{}).messages.size() == 4);
}

}  // namespace dacapo
