// The live feed over real tables, with sockets that only remember. Two I/O threads are played by one:
// run_until() turns both loops, so a test decides what happens between two steps.
#pragma once

#include "infra/http/problem.hpp"
#include "query/feed_hub.hpp"
#include "query/routes.hpp"
#include "tests/support/projected.hpp"

#include <doctest/doctest.h>
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/json.hpp>
#include <map>

namespace dacapo::testing {

// The text of an unmasked frame.
inline std::size_t header_bytes(const std::string& frame) {
    const auto length = static_cast<unsigned char>(frame.at(1));
    return length < 126 ? 2 : length == 126 ? 4 : 10;
}
inline std::string payload_of(const http::Frame& frame) { return frame->substr(header_bytes(*frame)); }

class FakeSocket final : public http::WebSocket, public std::enable_shared_from_this<FakeSocket> {
public:
    FakeSocket(boost::asio::io_context& loop, std::size_t thread) : loop_(loop), thread_(thread) {}

    Executor executor() const override { return loop_.get_executor(); }
    std::size_t thread_index() const override { return thread_; }
    const std::string& remote_address() const override { return address_; }
    void send(http::Frame frame) override {
        if (!open_) return;
        queued_bytes_ += frame->size();
        frames.push_back(std::move(frame));
        if (!slow) drain_soon();
    }
    std::size_t queued_bytes() const override { return queued_bytes_; }
    void close(std::uint16_t code, std::string_view) override {
        if (!open_) return;
        open_ = false;
        closed_with = code;
        boost::asio::post(loop_, [self = shared_from_this(), code] { self->finish(code); });
    }
    bool is_open() const override { return open_; }

    // The peer goes away.
    void vanish() {
        open_ = false;
        finish(http::close_code::abnormal);
    }
    void drain_soon() {
        boost::asio::post(loop_, [self = shared_from_this()] {
            if (self->slow || self->queued_bytes_ == 0) return;
            self->queued_bytes_ = 0;
            if (self->open_ && self->on_drained) self->on_drained();
        });
    }

    // Frames of this type, in order.
    std::vector<boost::json::object> of_type(std::string_view type) const {
        std::vector<boost::json::object> found;
        for (const auto& frame : frames) {
            auto object = boost::json::parse(payload_of(frame)).as_object();
            if (object.at("type").as_string() == type) found.push_back(std::move(object));
        }
        return found;
    }
    std::size_t count(std::string_view type) const {
        const auto start = "{\"type\":\"" + std::string(type) + '"';
        return static_cast<std::size_t>(std::count_if(frames.begin(), frames.end(), [&](const auto& frame) {
            return frame->compare(header_bytes(*frame), start.size(), start) == 0;
        }));
    }

    std::vector<http::Frame> frames;
    bool slow = false;  // takes nothing until drain_soon()
    std::uint16_t closed_with = 0;

private:
    void finish(std::uint16_t code) {
        const auto closed = std::move(on_close);
        on_close = nullptr;
        on_text = nullptr;
        on_drained = nullptr;
        if (closed) closed(code, {});
    }

    boost::asio::io_context& loop_;
    std::size_t thread_;
    std::string address_ = "192.0.2.1";
    std::size_t queued_bytes_ = 0;
    bool open_ = true;
};
using FakeSocketPtr = std::shared_ptr<FakeSocket>;

class FeedServer {
public:
    explicit FeedServer(FeedSettings settings = {})
        : hub(context,
              {.claims_of = [this](std::string_view token) { return claims_of(token); },
               .authenticate = [](std::string) -> boost::asio::awaitable<FeedViewer> {
                   throw http::Problem(401, "token_invalid", "No such token.");
                   co_return FeedViewer{};
               },
               .holds = [this](const FeedViewer& viewer) { return holds(viewer); }},
              std::move(settings)) {
        projector.catch_up();  // the tables exist
        hub.attach({loops[0].get_executor(), loops[1].get_executor()});
    }
    ~FeedServer() {
        projector.runner.stop();
        projector.database.stop();
        projector.progress.clear();
    }

    // A token for this user, in a session of the same number unless another is given.
    std::string token(std::int64_t user, std::int64_t session = 0,
                      Timestamp expires_at = ManualClock::noon + std::chrono::hours(1)) {
        const auto text = "token-" + std::to_string(tokens_.size());
        const http::Principal principal{{user}, {session ? session : user}, Role::user};
        tokens_[text] = FeedViewer{principal, expires_at};
        return text;
    }
    void forget(const std::string& token) { tokens_.erase(token); }

    http::SocketAccept handshake(http::Request request, std::vector<std::string> subprotocols = {}) {
        std::optional<http::SocketAccept> accepted;
        std::exception_ptr error;
        boost::asio::co_spawn(loops[0], hub.accept(request, std::move(subprotocols)),
                              [&](std::exception_ptr failure, http::SocketAccept made) {
                                  error = failure;
                                  accepted = std::move(made);
                              });
        run_until([&] { return accepted.has_value(); });
        if (error) std::rethrow_exception(error);
        return std::move(*accepted);
    }
    // Opens a socket; its first frame has not come yet.
    FakeSocketPtr connect(const std::string& token, std::size_t thread = 0, const std::string& topics = {},
                          const std::string& since = {}) {
        http::Request request;
        request.names = {token};
        if (!topics.empty()) request.query.emplace_back("topics", topics);
        if (!since.empty()) request.query.emplace_back("since", since);
        return accept(handshake(std::move(request)), thread);
    }
    // Comes back after the last frame that this socket got.
    FakeSocketPtr resumed(const std::string& token, const FakeSocket& before) {
        const auto last = boost::json::parse(payload_of(before.frames.back()));
        auto socket = connect(token, 0, {}, boost::json::value_to<std::string>(last.at("position")));
        run_until([&] { return socket->count("initial") == 1; });
        return socket;
    }
    FakeSocketPtr accept(const http::SocketAccept& accepted, std::size_t thread = 0) {
        auto socket = std::make_shared<FakeSocket>(loops[thread], thread);
        accepted.on_open(socket);
        return socket;
    }
    FakeSocketPtr connected(const std::string& token, std::size_t thread = 0,
                            const std::string& topics = {}) {
        auto socket = connect(token, thread, topics);
        run_until([&] {
            REQUIRE(socket->is_open());
            return socket->count("initial") == 1;
        });
        return socket;
    }

    Position add_unprojected(int shard, StreamEvent event) { return log.add(shard, {std::move(event)}); }
    Position add(int shard, StreamEvent event) {
        const auto position = add_unprojected(shard, std::move(event));
        projector.catch_up();
        return position;
    }
    static StreamEvent message(std::int64_t id, UserId from, UserId to, std::string content = "hey") {
        return {{StreamKind::conversation, 17},
                ConversationEvent(MessageSent{
                    {id}, {17}, id, from, to, std::move(content), std::nullopt, "c1", ManualClock::noon})};
    }
    static StreamEvent check_in(std::int64_t id, UserId user,
                                std::chrono::hours lasts = std::chrono::hours(24)) {
        CheckedIn e;
        e.check_in_id = {id};
        e.user_id = user;
        e.location_name = "Caf\xC3\xA9 " + std::to_string(id);
        e.checked_in_at = ManualClock::noon;
        e.expires_at = ManualClock::noon + lasts;
        return {{StreamKind::check_in, user.value}, CheckInEvent(e)};
    }
    static StreamEvent gathering(std::int64_t id, UserId organizer, std::string description = "d") {
        GatheringScheduled e;
        e.gathering_id = {id};
        e.organizer_id = organizer;
        e.scheduled_at = ManualClock::noon;
        e.details = {.title = "Jam " + std::to_string(id),
                     .description = std::move(description),
                     .date = "2030-06-21T20:00:00",
                     .timezone = "Europe/Paris",
                     .starts_at = ManualClock::noon + std::chrono::hours(50),
                     .ends_at = std::nullopt,
                     .location = "Mole",
                     .latitude = std::nullopt,
                     .longitude = std::nullopt,
                     .kind = GatheringKind::jam};
        return {{StreamKind::gathering, id}, GatheringEvent(e)};
    }

    // Turns the loops until it holds; fails the test after a minute and a half, which is long even for
    // instrumented builds.
    template <class Condition>
    void run_until(Condition holds) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(90);
        while (!holds()) {
            REQUIRE(std::chrono::steady_clock::now() < deadline);
            for (auto& loop : loops) {
                loop.restart();
                loop.run_for(std::chrono::milliseconds(1));
            }
        }
    }
    // Everything that was posted when this was called.
    void settle() {
        int rounds = 0;
        for (int round = 0; round < 4; ++round) {
            for (auto& loop : loops) boost::asio::post(loop, [&rounds] { ++rounds; });
            const int wanted = 2 * (round + 1);
            run_until([&] { return rounds == wanted; });
        }
    }

    // The body of a GET route, for comparing.
    std::string get(const std::string& pattern) {
        std::vector<http::Route> routes = check_in_queries(context);
        for (auto& route : event_queries(context)) routes.push_back(std::move(route));
        for (auto& route : message_queries(context)) routes.push_back(std::move(route));
        const auto route = std::find_if(routes.begin(), routes.end(),
                                        [&](const auto& each) { return each.pattern == pattern; });
        REQUIRE(route != routes.end());
        http::Request request;
        request.path = pattern;
        request.principal = http::Principal{{1}, {1}, Role::user};
        std::optional<http::Response> response;
        boost::asio::co_spawn(loops[0], route->handler(request),
                              [&](std::exception_ptr error, http::Response made) {
                                  if (!error) response = std::move(made);
                              });
        run_until([&] { return response.has_value(); });
        return std::string(response->content());
    }

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
    RunnerOptions sinks() {
        RunnerOptions options;
        options.sinks.push_back([this](auto entries) { drop_for(caches.counters(), entries); });
        options.sinks.push_back([this](auto entries) { before_publish(entries); });
        options.sinks.push_back([this](auto entries) { hub.publish(entries); });
        return options;
    }
    std::optional<FeedViewer> claims_of(std::string_view token) const {
        const auto found = tokens_.find(token);
        if (found == tokens_.end() || found->second.expires_at <= clock.now()) return std::nullopt;
        return found->second;
    }
    bool holds(const FeedViewer& viewer) const {
        return viewer.expires_at > clock.now() && std::ranges::any_of(tokens_, [&](const auto& token) {
                   return token.second.principal.session_id == viewer.principal.session_id;
               });
    }
};

}  // namespace dacapo::testing
