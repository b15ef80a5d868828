// The live feed over real tables, with sockets that only remember. Two I/O threads are played by one:
// run_until() turns both loops, so a test decides what happens between two steps.
#pragma once

#include "query/feed_hub.hpp"
#include "query/routes.hpp"
#include "tests/support/projected.hpp"

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <functional>
#include <map>
#include <memory>

namespace dacapo::testing {

// The text of an unmasked frame.
std::string payload_of(const http::Frame& frame);

class FakeSocket final : public http::WebSocket, public std::enable_shared_from_this<FakeSocket> {
public:
    FakeSocket(boost::asio::io_context& loop, std::size_t thread) : loop_(loop), thread_(thread) {}

    Executor executor() const override { return loop_.get_executor(); }
    std::size_t thread_index() const override { return thread_; }
    const std::string& remote_address() const override { return address_; }
    void send(http::Frame frame) override;
    std::size_t queued_bytes() const override { return queued_bytes_; }
    void close(std::uint16_t code, std::string_view) override;
    bool is_open() const override { return open_; }

    // The peer goes away.
    void vanish();
    void drain_soon();

    // Frames of this type, in order.
    std::vector<boost::json::object> of_type(std::string_view type) const;
    std::size_t count(std::string_view type) const;

    std::vector<http::Frame> frames;
    bool slow = false;  // takes nothing until drain_soon()
    std::uint16_t closed_with = 0;

private:
    void finish(std::uint16_t code);

    boost::asio::io_context& loop_;
    std::size_t thread_;
    std::string address_ = "192.0.2.1";
    std::size_t queued_bytes_ = 0;
    bool open_ = true;
};
using FakeSocketPtr = std::shared_ptr<FakeSocket>;

class FeedServer {
public:
    explicit FeedServer(FeedSettings settings = {});
    ~FeedServer();

    // A token for this user, in a session of the same number unless another is given.
    std::string token(std::int64_t user, std::int64_t session = 0,
                      Timestamp expires_at = ManualClock::noon + std::chrono::hours(1));
    void forget(const std::string& token) { tokens_.erase(token); }

    // Throws http::Problem when it is refused. With another hub than its own where a test made one.
    http::SocketAccept handshake(http::Request request, std::vector<std::string> subprotocols = {});
    http::SocketAccept handshake_with(FeedHub& other, http::Request request,
                                      std::vector<std::string> subprotocols = {});
    // Opens a socket; its first frame has not come yet.
    FakeSocketPtr connect(const std::string& token, std::size_t thread = 0, const std::string& topics = {},
                          const std::string& since = {});
    // Comes back after the last frame that this socket got.
    FakeSocketPtr resumed(const std::string& token, const FakeSocket& before);
    FakeSocketPtr accept(const http::SocketAccept& accepted, std::size_t thread = 0);
    FakeSocketPtr connected(const std::string& token, std::size_t thread = 0, const std::string& topics = {});

    Position add_unprojected(int shard, StreamEvent event);
    Position add(int shard, StreamEvent event);
    static StreamEvent message(std::int64_t id, UserId from, UserId to, std::string content = "hey");
    static StreamEvent check_in(std::int64_t id, UserId user,
                                std::chrono::hours lasts = std::chrono::hours(24));
    static StreamEvent gathering(std::int64_t id, UserId organizer, std::string description = "d");

    // Turns the loops until it holds; fails the test after a minute and a half, which is long even for
    // instrumented builds.
    void run_until(const std::function<bool()>& holds);
    // Everything that was posted when this was called.
    void settle();

    // The body of a GET route, for comparing.
    std::string get(const std::string& pattern);

    TemporaryFolder folder;
    MemoryLog log;
    ManualClock clock;
    Caches caches{4 * 1024 * 1024};
    std::function<void(std::span<const LogEntryPtr>)> before_publish = [](auto) {};
    Projector projector{log, folder / "read.db", sinks()};
    double lag_s = 0;
    QueryContext context{log,   projector.database, projector.progress,      caches,
                         clock, QuerySettings{},    [this] { return lag_s; }};
    std::map<std::string, FeedViewer, std::less<>> tokens_;
    FeedHub hub;
    // Last: what still waits in them refers to the hub.
    std::array<boost::asio::io_context, 2> loops;

private:
    RunnerOptions sinks();
    std::optional<FeedViewer> claims_of(std::string_view token) const;
    bool holds(const FeedViewer& viewer) const;
};

}  // namespace dacapo::testing
