// What bounds a socket of the feed, and what ends it.
#include "infra/http/limits.hpp"
#include "tests/support/feed_server.hpp"

#include <doctest/doctest.h>

namespace dacapo {
namespace {

using testing::FakeSocketPtr;
using testing::FeedServer;
using testing::ManualClock;

constexpr UserId ana{1}, ben{2};

FeedSettings quick() {
    FeedSettings settings;
    settings.list_interval = std::chrono::milliseconds(1);
    settings.expiry_interval = std::chrono::milliseconds(5);
    return settings;
}

}  // namespace

TEST_CASE("a socket gets the next list when the last one has drained and then only the newest") {
    FeedServer club(quick());
    const auto slow = club.connected(club.token(1));
    const auto quick_one = club.connected(club.token(2), 1);
    club.settle();
    slow->slow = true;
    for (std::int64_t id = 1; id <= 3; ++id) {
        club.add(1, FeedServer::check_in(id, {100 + id}));
        club.run_until([&] { return quick_one->count("checkIns") == static_cast<std::size_t>(id); });
    }
    club.settle();
    CHECK(slow->count("checkIns") == 1);
    CHECK(club.hub.counts().lists_skipped == 1);
    slow->slow = false;
    slow->drain_soon();
    club.run_until([&] { return slow->count("checkIns") == 2; });
    club.settle();
    CHECK(slow->count("checkIns") == 2);
    CHECK(slow->of_type("checkIns").back().at("data").as_array().size() == 3);
}

TEST_CASE("past the soft limit messages go on and lists wait") {
    auto settings = quick();
    settings.queued_bytes_soft_max = 2000;
    FeedServer club(settings);
    const auto slow = club.connected(club.token(1));
    const auto quick_one = club.connected(club.token(2), 1);
    club.settle();
    slow->slow = true;
    for (std::int64_t id = 1; slow->queued_bytes() <= settings.queued_bytes_soft_max; ++id) {
        club.add(2, FeedServer::message(id, ben, ana, std::string(300, 'x')));
        club.settle();
    }
    const auto messages = slow->count("new_message");
    CHECK(messages > 1);
    club.add(1, FeedServer::check_in(1, ben));
    club.run_until([&] { return quick_one->count("checkIns") == 1; });
    club.settle();
    CHECK(slow->count("checkIns") == 0);
    club.add(2, FeedServer::message(99, ben, ana));
    club.run_until([&] { return slow->count("new_message") == messages + 1; });
    slow->slow = false;
    slow->drain_soon();
    club.run_until([&] { return slow->count("checkIns") == 1; });
}

TEST_CASE("lists to everyone stay under the byte rate of the server") {
    auto settings = quick();
    settings.list_bytes_per_s_max = 2000;
    FeedServer club(settings);
    const auto socket = club.connected(club.token(1), 0, "checkIns");
    club.add(1, FeedServer::check_in(1, ben));
    club.run_until([&] { return socket->count("checkIns") == 1; });
    const auto begun = std::chrono::steady_clock::now();
    club.add(1, FeedServer::check_in(2, {102}));
    club.run_until([&] { return socket->count("checkIns") == 2; });
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    CHECK(took.count() > static_cast<double>(socket->frames[1]->size()) / 2000 * 0.8);
}

TEST_CASE("a list holds the newest entries up to its count and its bytes") {
    auto settings = quick();
    settings.event_count_max = 3;
    FeedServer club(settings);
    for (std::int64_t id = 1; id <= 5; ++id) club.add(1, FeedServer::gathering(id, ana));
    const auto by_count = club.connected(club.token(1))->of_type("initial").at(0);
    REQUIRE(by_count.at("events").as_array().size() == 3);
    CHECK(by_count.at("events").at(0).at("id").as_int64() == 5);
    CHECK(by_count.at("events").at(2).at("id").as_int64() == 3);

    settings.event_count_max = 200;
    settings.list_bytes_max = 3000;
    FeedServer small(settings);
    small.add(1, FeedServer::gathering(1, ana));
    small.add(1, FeedServer::gathering(2, ana, std::string(3000, 'x')));
    small.add(1, FeedServer::gathering(3, ana));
    const auto by_bytes = small.connected(small.token(1))->of_type("initial").at(0);
    REQUIRE(by_bytes.at("events").as_array().size() == 1);
    CHECK(by_bytes.at("events").at(0).at("id").as_int64() == 3);
}

TEST_CASE("the first frame of a full feed fits into a socket's queue") {
    CHECK(2 * FeedSettings{}.list_bytes_max + FeedSettings{}.early_bytes_max <=
          http::Limits{}.socket_queue_bytes_max);
}

TEST_CASE("too much before the first frame closes the socket as too slow") {
    auto settings = quick();
    settings.early_bytes_max = 1000;
    FeedShared shared;
    const ManualClock clock;
    boost::asio::io_context loop;
    FeedThread thread(shared, settings, clock, loop.get_executor());
    const auto socket = std::make_shared<testing::FakeSocket>(loop, 0);
    thread.add(socket, {{ana, {1}, Role::user}, ManualClock::noon + std::chrono::hours(1)}, FeedTopics::all(),
               {});
    FeedBatch batch;
    batch.messages.push_back({ana, 0, 1, http::text_frame(std::string(996, 'x'))});
    thread.deliver(batch);
    CHECK(socket->is_open());
    thread.deliver(batch);
    CHECK(socket->closed_with == http::close_code::too_slow);
    loop.run_for(std::chrono::milliseconds(50));
}

TEST_CASE("an ended session closes its sockets on every thread and no others") {
    FeedServer club(quick());
    const auto one = club.connected(club.token(1, 71), 0);
    const auto two = club.connected(club.token(1, 71), 1);
    const auto other = club.connected(club.token(1, 72), 0);
    club.hub.session_ended({71});
    club.run_until([&] { return club.hub.counts().sockets == 1; });
    CHECK(one->closed_with == 4003);
    CHECK(two->closed_with == 4003);
    CHECK(other->is_open());
    CHECK(club.hub.counts().closed == 2);
}

TEST_CASE("a session that ends during the handshake closes the socket too") {
    FeedServer club(quick());
    const auto token = club.token(1, 71);
    http::Request request;
    request.names = {token};
    const auto accepted = club.handshake(request);
    club.forget(token);
    club.hub.session_ended({71});
    club.settle();
    const auto socket = club.accept(accepted);
    club.run_until([&] { return club.hub.counts().sockets == 0; });
    CHECK(socket->closed_with == 4003);
    CHECK(socket->frames.empty());
}

TEST_CASE("an expired token closes its socket and not those that hold longer") {
    FeedServer club(quick());
    const auto soon = club.connected(club.token(1, 1, ManualClock::noon + std::chrono::minutes(1)));
    const auto later = club.connected(club.token(1, 1, ManualClock::noon + std::chrono::minutes(2)));
    club.clock.advance(std::chrono::minutes(1) - std::chrono::milliseconds(1));
    for (int i = 0; i < 20; ++i) club.settle();
    CHECK(soon->is_open());
    club.clock.advance(std::chrono::milliseconds(1));
    club.run_until([&] { return soon->closed_with == 4202; });
    CHECK(later->is_open());
}

TEST_CASE("one socket more than a user may have closes the oldest on whichever thread") {
    FeedServer club(quick());
    std::vector<FakeSocketPtr> sockets;
    for (std::size_t i = 0; i < FeedSettings{}.sockets_per_user_max; ++i)
        sockets.push_back(club.connected(club.token(1), i % 2));
    const auto other = club.connected(club.token(2));
    club.settle();
    CHECK(club.hub.counts().sockets == 21);
    sockets[1]->vanish();  // makes room for one
    sockets.push_back(club.connected(club.token(1), 1));
    club.settle();
    CHECK(club.hub.counts().closed == 0);
    sockets.push_back(club.connected(club.token(1), 1));
    club.run_until([&] { return club.hub.counts().sockets == 21; });
    CHECK(sockets[0]->closed_with == 4009);
    CHECK(sockets[2]->is_open());
    CHECK(other->is_open());
}

TEST_CASE("what a client says is ignored until it says too much") {
    FeedServer club(quick());
    const auto socket = club.connected(club.token(1));
    for (std::size_t i = 0; i < FeedSettings{}.inbound_count_max; ++i)
        socket->on_text(i % 2 ? "{\"type\":\"unknown\"}" : "not JSON");
    CHECK(socket->is_open());
    CHECK(socket->frames.size() == 1);
    socket->on_text("{}");
    CHECK(socket->closed_with == 4102);
}

TEST_CASE("a client may go on talking when the window is over") {
    auto settings = quick();
    settings.inbound_count_max = 2;
    settings.inbound_window = std::chrono::seconds(0);
    FeedServer club(settings);
    const auto socket = club.connected(club.token(1));
    for (int i = 0; i < 10; ++i) socket->on_text("{}");
    CHECK(socket->is_open());
}

TEST_CASE("tables that cannot be read close the socket with a reason to come back") {
    std::vector<std::string> troubles;
    auto settings = quick();
    settings.trouble = [&](std::string_view what) { troubles.emplace_back(what); };
    FeedServer club(settings);
    club.projector.catch_up();
    club.projector.database.writer().execute("DROP TABLE check_ins");
    const auto socket = club.connect(club.token(1));
    club.run_until([&] { return !socket->is_open(); });
    CHECK(socket->closed_with == http::close_code::internal_error);
    CHECK(troubles.size() == 1);
    club.projector.database.stop();
    const auto late = club.connect(club.token(1));
    club.run_until([&] { return !late->is_open(); });
    CHECK(late->closed_with == http::close_code::going_away);
}

}  // namespace dacapo
