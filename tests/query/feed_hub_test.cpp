// The live feed: the first frame, what follows it, and the seam between the two.
#include "tests/support/feed_server.hpp"

#include <doctest/doctest.h>
#include <thread>

namespace dacapo {
namespace {

namespace json = boost::json;
using testing::FakeSocket;
using testing::FeedServer;
using testing::ManualClock;
using testing::payload_of;

constexpr UserId ana{1}, ben{2};

struct Club : FeedServer {
    explicit Club(FeedSettings settings = {}) : FeedServer(std::move(settings)) {
        register_user(ana, "ana");
        register_user(ben, "ben");
    }
    void register_user(UserId user, std::string name) {
        add(0, {{StreamKind::account, user.value},
                AccountEvent(AccountRegistered{user, name, name + "@example.org", std::nullopt, "hash",
                                               Role::user, ManualClock::noon})});
    }
};

std::vector<std::int64_t> message_ids(const FakeSocket& socket) {
    std::vector<std::int64_t> ids;
    for (const auto& frame : socket.of_type("new_message"))
        ids.push_back(frame.at("message").at("id").as_int64());
    return ids;
}

std::int64_t unread_of(const FakeSocket& socket) {
    return socket.of_type("initial").at(0).at("unread").as_int64();
}

}  // namespace

TEST_CASE("the first frame shows what the lists of GET show and the unread messages and a position") {
    Club club;
    club.add(1, FeedServer::gathering(33, ana));
    club.add(1, FeedServer::check_in(5, ben));
    const auto position = club.add(3, FeedServer::message(7, ben, ana));
    const auto socket = club.connected(club.token(1));
    const auto initial = socket->of_type("initial").at(0);

    auto events = json::parse(club.get("/events")).as_array();
    for (auto& event : events) event.as_object().erase("my_status");
    CHECK(events.size() == 1);
    CHECK(initial.at("events") == json::value(events));
    CHECK(initial.at("checkIns") == json::parse(club.get("/checkins")));
    CHECK(initial.at("checkIns").at(0).at("username").as_string() == "ben");
    CHECK(initial.at("unread").as_int64() == 1);
    CHECK(initial.at("position").as_string() == "00000000000000aa.0-" + std::to_string(position));
}

TEST_CASE("a new message reaches every socket of its receiver in one frame and nobody else") {
    Club club;
    const auto one = club.connected(club.token(1), 0);
    const auto two = club.connected(club.token(1), 1);
    const auto other = club.connected(club.token(2), 0);
    const auto position = club.add(2, FeedServer::message(18, ben, ana, "Bonjour !"));
    club.add(2, FeedServer::message(34, ana, ben));
    club.run_until([&] { return one->count("new_message") && two->count("new_message"); });
    club.run_until([&] { return other->count("new_message") == 1; });

    CHECK(message_ids(*one) == std::vector<std::int64_t>{18});
    CHECK(message_ids(*other) == std::vector<std::int64_t>{34});
    CHECK(one->frames.back() == two->frames.back());  // the same bytes, not equal ones
    const auto frame = one->of_type("new_message").at(0);
    CHECK(frame.at("position").as_string() == "00000000000000aa.0-" + std::to_string(position));
    CHECK(frame.at("message") == json::parse(club.get("/messages/received")).at(0));
    CHECK(payload_of(one->frames.back())
              .starts_with(R"({"type":"new_message","message":{"id":18,"content":"Bonjour !")"));
}

TEST_CASE("a change is told with the whole new list") {
    Club club;
    const auto socket = club.connected(club.token(1), 1);
    club.add(1, FeedServer::gathering(33, ana));
    club.run_until([&] { return socket->count("events") == 1; });
    club.add(1, {{StreamKind::roster, 33}, RosterEvent(ParticipantJoined{{33}, ben, ManualClock::noon})});
    club.run_until([&] { return socket->count("events") == 2; });
    const auto position = club.add(1, FeedServer::check_in(5, ben));
    club.run_until([&] { return socket->count("checkIns") == 1; });

    CHECK(socket->of_type("events").at(0).at("data").at(0).at("participant_count").as_int64() == 0);
    CHECK(socket->of_type("events").at(1).at("data").at(0).at("participant_count").as_int64() == 1);
    const auto list = socket->of_type("checkIns").at(0);
    CHECK(list.at("data") == json::parse(club.get("/checkins")));
    CHECK(list.at("position").as_string() == "00000000000000aa.0-" + std::to_string(position));
    club.add(1, {{StreamKind::check_in, 2}, CheckInEvent(CheckedOut{{5}, ben, CheckOut::deleted})});
    club.run_until([&] { return socket->count("checkIns") == 2; });
    CHECK(socket->of_type("checkIns").at(1).at("data").as_array().empty());
}

TEST_CASE("a past event leaves the list and a cancelled one stays in it") {
    Club club;
    club.add(1, FeedServer::gathering(33, ana));
    club.add(1, FeedServer::gathering(49, ana));
    club.add(1, {{StreamKind::gathering, 33}, GatheringEvent(GatheringEnded{{33}, ManualClock::noon})});
    club.add(1, {{StreamKind::gathering, 49},
                 GatheringEvent(GatheringCancelled{{49}, ana, std::nullopt, ManualClock::noon})});
    const auto initial = club.connected(club.token(1))->of_type("initial").at(0);
    REQUIRE(initial.at("events").as_array().size() == 1);
    CHECK(initial.at("events").at(0).at("status").as_string() == "cancelled");
}

TEST_CASE("what the snapshot shows is not told again by the batch that brought it") {
    Club club;
    testing::FakeSocketPtr socket;
    // Between the commit and its announcement the tables show more than the feed has said.
    const auto token = club.token(1);
    club.before_publish = [&](auto) {
        if (socket) return;
        socket = club.connected(token);
    };
    club.add(2, FeedServer::message(2, ben, ana));
    CHECK(unread_of(*socket) == 1);
    club.add(2, FeedServer::message(3, ben, ana));
    club.run_until([&] { return socket->count("new_message") > 0; });
    club.settle();
    CHECK(message_ids(*socket) == std::vector<std::int64_t>{3});
}

TEST_CASE("a list kept from before a commit is not shown at the position after it") {
    Club club;
    const auto first = club.connected(club.token(1));
    const auto token = club.token(1);
    testing::FakeSocketPtr second;
    club.before_publish = [&](auto) {
        if (!second) second = club.connected(token);
    };
    const auto position = club.add(1, FeedServer::check_in(5, ben));
    const auto initial = second->of_type("initial").at(0);
    CHECK(initial.at("position").as_string() == "00000000000000aa.0-" + std::to_string(position));
    CHECK(initial.at("checkIns").as_array().size() == 1);
    club.run_until([&] { return first->count("checkIns") == 1; });
    club.settle();
    CHECK(second->count("checkIns") == 0);  // it has been shown
}

TEST_CASE("what is announced before the first frame follows it unless the frame shows it") {
    FeedSettings settings;
    FeedShared shared;
    const ManualClock clock;
    boost::asio::io_context loop;
    FeedThread thread(shared, settings, clock, loop.get_executor());
    const auto socket = std::make_shared<FakeSocket>(loop, 0);
    const FeedViewer viewer{{ana, {1}, Role::user}, ManualClock::noon + std::chrono::hours(1)};
    const auto key = thread.add(socket, viewer, FeedTopics::all(), {});

    FeedBatch batch;
    for (const Position position : {4, 5, 6})
        batch.messages.push_back({ana, 0, position, http::text_frame(std::to_string(position))});
    thread.deliver(batch);
    CHECK(socket->frames.empty());
    thread.show(key, {5, 5, {http::text_frame("first")}});
    FeedBatch late;  // the batch that the snapshot was ahead of
    late.messages.push_back({ana, 0, 5, http::text_frame("5")});
    late.messages.push_back({ana, 0, 7, http::text_frame("7")});
    thread.deliver(late);
    std::vector<std::string> texts;
    for (const auto& frame : socket->frames) texts.push_back(payload_of(frame));
    CHECK(texts == std::vector<std::string>{"first", "6", "7"});
    socket->vanish();
    CHECK(shared.sockets == 0);
}

TEST_CASE("sockets that open while messages pour in miss none and get none twice") {
    FeedSettings settings;
    settings.early_bytes_max = std::size_t{64} << 20;  // A slow machine is given time.
    Club club(settings);
    const auto token = club.token(1);
    club.projector.runner.start();
    std::int64_t message_count = 0;
    std::jthread writer([&](const std::stop_token& stop) {
        // Bounded, because an instrumented build may never see the end of a flood.
        while (!stop.stop_requested() && message_count < 5'000) {
            for (int i = 0; i < 5; ++i)
                club.add_unprojected(2, FeedServer::message(++message_count, ben, ana));
            // No faster than the tables follow, so that the first frames come in time.
            while (club.projector.progress.passed().missing_of(club.log.head()) > 100 &&
                   !stop.stop_requested())
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    });
    std::vector<testing::FakeSocketPtr> sockets;
    while (sockets.size() < FeedSettings{}.sockets_per_user_max)
        sockets.push_back(club.connected(token, sockets.size() % 2));
    writer.request_stop();
    writer.join();
    for (const auto& socket : sockets) {
        const auto all = static_cast<std::size_t>(message_count - unread_of(*socket));
        club.run_until([&] { return socket->count("new_message") >= all; });
        club.settle();
        std::vector<std::int64_t> expected;
        for (auto id = unread_of(*socket) + 1; id <= message_count; ++id) expected.push_back(id);
        CHECK(message_ids(*socket) == expected);
    }
}

TEST_CASE("records that the runner announces twice are told once") {
    Club club;
    const auto socket = club.connected(club.token(1));
    club.add(2, FeedServer::message(2, ben, ana));
    const auto again = club.log.read_after(0, 100);
    club.hub.publish(again);
    club.add(2, FeedServer::message(3, ben, ana));
    club.run_until([&] { return message_ids(*socket).size() >= 2; });
    club.settle();
    CHECK(message_ids(*socket) == std::vector<std::int64_t>{2, 3});
}

TEST_CASE("changes that come close together share one list") {
    FeedSettings settings;
    settings.list_interval = std::chrono::milliseconds(300);
    Club club(settings);
    const auto socket = club.connected(club.token(1));
    const auto reads_before = club.hub.counts().lists_read;
    const auto begun = std::chrono::steady_clock::now();
    for (std::int64_t id = 1; id <= 40; ++id) {
        club.add(1, FeedServer::check_in(id, {100 + id}));
        club.settle();
    }
    const auto shown = [&] {
        const auto lists = socket->of_type("checkIns");
        return lists.empty() ? 0 : lists.back().at("data").as_array().size();
    };
    club.run_until([&] { return shown() == 40; });
    const auto intervals = (std::chrono::steady_clock::now() - begun) / settings.list_interval;
    CHECK(socket->count("checkIns") <= static_cast<std::size_t>(intervals) + 2);
    CHECK(club.hub.counts().lists_read - reads_before == socket->count("checkIns"));
}

TEST_CASE("nothing is read while nobody listens and a list is read once for all who come") {
    Club club;
    club.add(1, FeedServer::check_in(5, ben));
    club.add(1, FeedServer::gathering(33, ana));
    club.settle();
    CHECK(club.hub.counts().lists_read == 0);
    const auto first = club.connected(club.token(1));
    const auto second = club.connected(club.token(2), 1);
    CHECK(club.hub.counts().lists_read == 2);
    CHECK(second->of_type("initial").at(0).at("checkIns").as_array().size() == 1);
    // Unless something in it has ended by the clock meanwhile.
    club.clock.advance(std::chrono::hours(24));
    const auto third = club.connected(club.token(3, 3, ManualClock::noon + std::chrono::hours(48)));
    CHECK(third->of_type("initial").at(0).at("checkIns").as_array().empty());
}

TEST_CASE("topics narrow what a socket gets") {
    Club club;
    const auto messages = club.connected(club.token(1), 0, "messages");
    const auto lists = club.connected(club.token(1), 1, "checkIns,events");
    const auto initial = lists->of_type("initial").at(0);
    CHECK(initial.contains("checkIns"));
    CHECK(!initial.contains("unread"));
    CHECK(!messages->of_type("initial").at(0).contains("events"));
    CHECK(messages->of_type("initial").at(0).contains("unread"));
    club.add(1, FeedServer::check_in(5, ben));
    club.add(1, FeedServer::gathering(33, ana));
    club.add(2, FeedServer::message(2, ben, ana));
    club.run_until([&] { return lists->count("checkIns") && lists->count("events"); });
    club.run_until([&] { return messages->count("new_message") == 1; });
    club.settle();
    CHECK(messages->frames.size() == 2);
    CHECK(lists->count("new_message") == 0);
}

}  // namespace dacapo
