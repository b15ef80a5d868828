#include "tests/support/feed_server.hpp"

#include "infra/http/problem.hpp"

#include <doctest/doctest.h>
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

namespace dacapo::testing {
namespace {

std::size_t header_bytes(const std::string& frame) {
    const auto length = static_cast<unsigned char>(frame.at(1));
    return length < 126 ? 2 : length == 126 ? 4 : 10;
}

}  // namespace

std::string payload_of(const http::Frame& frame) { return frame->substr(header_bytes(*frame)); }

void FakeSocket::send(http::Frame frame) {
    if (!open_) return;
    queued_bytes_ += frame->size();
    frames.push_back(std::move(frame));
    if (!slow) drain_soon();
}

void FakeSocket::close(std::uint16_t code, std::string_view) {
    if (!open_) return;
    open_ = false;
    closed_with = code;
    boost::asio::post(loop_, [self = shared_from_this(), code] { self->finish(code); });
}

void FakeSocket::vanish() {
    open_ = false;
    finish(http::close_code::abnormal);
}

void FakeSocket::drain_soon() {
    boost::asio::post(loop_, [self = shared_from_this()] {
        if (self->slow || self->queued_bytes_ == 0) return;
        self->queued_bytes_ = 0;
        if (self->open_ && self->on_drained) self->on_drained();
    });
}

std::vector<boost::json::object> FakeSocket::of_type(std::string_view type) const {
    std::vector<boost::json::object> found;
    for (const auto& frame : frames) {
        auto object = boost::json::parse(payload_of(frame)).as_object();
        if (object.at("type").as_string() == type) found.push_back(std::move(object));
    }
    return found;
}

std::size_t FakeSocket::count(std::string_view type) const {
    const auto start = "{\"type\":\"" + std::string(type) + '"';
    return static_cast<std::size_t>(std::count_if(frames.begin(), frames.end(), [&](const auto& frame) {
        return frame->compare(header_bytes(*frame), start.size(), start) == 0;
    }));
}

void FakeSocket::finish(std::uint16_t code) {
    const auto closed = std::move(on_close);
    on_close = nullptr;
    on_text = nullptr;
    on_drained = nullptr;
    if (closed) closed(code, {});
}

FeedServer::FeedServer(FeedSettings settings)
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

FeedServer::~FeedServer() {
    projector.runner.stop();
    projector.database.stop();
    projector.progress.clear();
}

std::string FeedServer::token(std::int64_t user, std::int64_t session, Timestamp expires_at) {
    const auto text = "token-" + std::to_string(tokens_.size());
    const http::Principal principal{{user}, {session ? session : user}, Role::user};
    tokens_[text] = FeedViewer{principal, expires_at};
    return text;
}

http::SocketAccept FeedServer::handshake(http::Request request, std::vector<std::string> subprotocols) {
    return handshake_with(hub, std::move(request), std::move(subprotocols));
}

http::SocketAccept FeedServer::handshake_with(FeedHub& other, http::Request request,
                                              std::vector<std::string> subprotocols) {
    std::optional<http::SocketAccept> accepted;
    std::exception_ptr error;
    boost::asio::co_spawn(loops[0], other.accept(request, std::move(subprotocols)),
                          [&](std::exception_ptr failure, http::SocketAccept made) {
                              error = failure;
                              accepted = std::move(made);
                          });
    run_until([&] { return accepted.has_value(); });
    if (error) std::rethrow_exception(error);
    return std::move(*accepted);
}

FakeSocketPtr FeedServer::connect(const std::string& token, std::size_t thread, const std::string& topics,
                                  const std::string& since) {
    http::Request request;
    request.names = {token};
    if (!topics.empty()) request.query.emplace_back("topics", topics);
    if (!since.empty()) request.query.emplace_back("since", since);
    return accept(handshake(std::move(request)), thread);
}

FakeSocketPtr FeedServer::resumed(const std::string& token, const FakeSocket& before) {
    const auto last = boost::json::parse(payload_of(before.frames.back()));
    auto socket = connect(token, 0, {}, boost::json::value_to<std::string>(last.at("position")));
    run_until([&] { return socket->count("initial") == 1; });
    return socket;
}

FakeSocketPtr FeedServer::accept(const http::SocketAccept& accepted, std::size_t thread) {
    auto socket = std::make_shared<FakeSocket>(loops[thread], thread);
    accepted.on_open(socket);
    return socket;
}

FakeSocketPtr FeedServer::connected(const std::string& token, std::size_t thread, const std::string& topics) {
    auto socket = connect(token, thread, topics);
    run_until([&] {
        REQUIRE(socket->is_open());
        return socket->count("initial") == 1;
    });
    return socket;
}

Position FeedServer::add_unprojected(int shard, StreamEvent event) {
    return log.add(shard, {std::move(event)});
}

Position FeedServer::add(int shard, StreamEvent event) {
    const auto position = add_unprojected(shard, std::move(event));
    projector.catch_up();
    return position;
}

StreamEvent FeedServer::message(std::int64_t id, UserId from, UserId to, std::string content) {
    return {{StreamKind::conversation, 17},
            ConversationEvent(MessageSent{
                {id}, {17}, id, from, to, std::move(content), std::nullopt, "c1", ManualClock::noon})};
}

StreamEvent FeedServer::check_in(std::int64_t id, UserId user, std::chrono::hours lasts) {
    CheckedIn e;
    e.check_in_id = {id};
    e.user_id = user;
    e.location_name = "Caf\xC3\xA9 " + std::to_string(id);
    e.checked_in_at = ManualClock::noon;
    e.expires_at = ManualClock::noon + lasts;
    return {{StreamKind::check_in, user.value}, CheckInEvent(e)};
}

StreamEvent FeedServer::gathering(std::int64_t id, UserId organizer, std::string description) {
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

void FeedServer::settle() {
    int rounds = 0;
    for (int round = 0; round < 4; ++round) {
        for (auto& loop : loops) boost::asio::post(loop, [&rounds] { ++rounds; });
        const int wanted = 2 * (round + 1);
        run_until([&] { return rounds == wanted; });
    }
}

std::string FeedServer::get(const std::string& pattern) {
    std::vector<http::Route> routes = check_in_queries(context);
    for (auto& route : event_queries(context)) routes.push_back(std::move(route));
    for (auto& route : message_queries(context)) routes.push_back(std::move(route));
    const auto route =
        std::find_if(routes.begin(), routes.end(), [&](const auto& each) { return each.pattern == pattern; });
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

RunnerOptions FeedServer::sinks() {
    RunnerOptions options;
    options.sinks.push_back([this](auto entries) { drop_for(caches.counters(), entries); });
    options.sinks.push_back([this](auto entries) { before_publish(entries); });
    options.sinks.push_back([this](auto entries) { hub.publish(entries); });
    return options;
}

std::optional<FeedViewer> FeedServer::claims_of(std::string_view token) const {
    const auto found = tokens_.find(token);
    if (found == tokens_.end() || found->second.expires_at <= clock.now()) return std::nullopt;
    return found->second;
}

bool FeedServer::holds(const FeedViewer& viewer) const {
    return viewer.expires_at > clock.now() && std::ranges::any_of(tokens_, [&](const auto& token) {
               return token.second.principal.session_id == viewer.principal.session_id;
           });
}

void FeedServer::run_until(const std::function<bool()>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(90);
    while (!holds()) {
        REQUIRE(std::chrono::steady_clock::now() < deadline);
        for (auto& loop : loops) {
            loop.restart();
            loop.run_for(std::chrono::milliseconds(1));
        }
    }
}

}  // namespace dacapo::testing
