// The feed's handshakes: where the token stands, which topics are asked for, which subprotocol is named.
#include "infra/http/bearer.hpp"
#include "infra/http/problem.hpp"
#include "query/feed_hub.hpp"
#include "query/read.hpp"

#include <algorithm>

namespace dacapo {

namespace asio = boost::asio;

namespace {

constexpr std::string_view bearer_subprotocol = "bearer.";

std::string_view offered_bearer(const std::vector<std::string>& subprotocols) {
    const auto found = std::ranges::find_if(
        subprotocols, [](const std::string& name) { return name.starts_with(bearer_subprotocol); });
    return found == subprotocols.end() ? std::string_view() : std::string_view(*found);
}

// The places that no log sees come first. Empty when there is none.
std::string_view token_of(const http::Request& request, const std::vector<std::string>& subprotocols) {
    if (const auto token = http::bearer_token(request.authorization); !token.empty()) return token;
    if (const auto offered = offered_bearer(subprotocols); !offered.empty())
        return offered.substr(bearer_subprotocol.size());
    for (const auto* name : {"ticket", "token"})
        if (const auto token = request.query_value(name)) return *token;
    return request.names.empty() ? std::string_view() : std::string_view(request.names.front());
}

FeedTopics topics_of(const http::Request& request) {
    const auto asked = request.query_value("topics");
    if (!asked) return FeedTopics::all();
    if (const auto topics = FeedTopics::from_text(*asked)) return *topics;
    throw http::Problem(422, "invalid", "The query has faults; errors lists them.",
                        {{"/query/topics", "not_a_choice", "One or more of messages, events and checkIns."}});
}

std::optional<api::PositionToken> since_of(const http::Request& request) {
    const auto asked = request.query_value("since");
    if (!asked) return std::nullopt;
    if (auto since = api::position_from_text(*asked)) return since;
    throw http::Problem(422, "invalid", "The query has faults; errors lists them.",
                        {{"/query/since", "not_a_position", "The position of a frame, as it came."}});
}

}  // namespace

std::optional<FeedTopics> FeedTopics::from_text(std::string_view text) {
    FeedTopics topics;
    while (true) {
        const auto comma = std::min(text.find(','), text.size());
        const auto found = std::ranges::find(feed_topic_names, text.substr(0, comma));
        if (found == feed_topic_names.end()) return std::nullopt;
        topics.add(static_cast<FeedTopic>(found - feed_topic_names.begin()));
        if (comma == text.size()) return topics;
        text.remove_prefix(comma + 1);
    }
}

std::vector<http::SocketRoute> FeedHub::socket_routes() {
    const auto handshake = [this](http::Request& request, std::vector<std::string> subprotocols) {
        return accept(request, std::move(subprotocols));
    };
    return {{"/ws/{token}", handshake}, {"/ws", handshake}};
}

asio::awaitable<http::SocketAccept> FeedHub::accept(http::Request& request,
                                                    std::vector<std::string> subprotocols) {
    std::string token(token_of(request, subprotocols));
    if (token.empty()) throw http::token_missing("A feed needs a token.");
    // What is asked for is looked at first: a ticket is spent by being looked at.
    const auto topics = topics_of(request);
    auto since = since_of(request);
    const auto viewer = co_await viewer_of(std::move(token));
    request.principal = viewer.principal;  // Whose handshake it is: for the limits and the log.
    Wish wish{viewer, topics, std::move(since)};
    co_await wait_until_fresh();

    http::SocketAccept accepted;
    // RFC 6455 4.2.2 lets a server name one of the subprotocols offered, or none; but a browser that offered
    // some and is named none fails the connection. So a client whose only way to bring a token is to offer it
    // gets that offer back. It has seen the token before.
    accepted.subprotocol = offered_bearer(subprotocols);
    accepted.on_open = [this, wish = std::move(wish)](const std::shared_ptr<http::WebSocket>& socket) {
        open(socket, wish);
    };
    co_return accepted;
}

asio::awaitable<FeedHub::Viewer> FeedHub::viewer_of(std::string token) {
    if (const auto viewer = access_.claims_of(token)) co_return *viewer;
    co_return co_await access_.authenticate(std::move(token));
}

// A feed begins at the present: while the tables are built anew or far behind, there is none to show.
asio::awaitable<void> FeedHub::wait_until_fresh() {
    const auto head = context_.log.head();
    if (co_await context_.progress.wait(head, catch_up_ms_max)) co_return;
    if (context_.progress.passed() != context_.log.start() && context_.lag_seconds() <= settings_.lag_s_max)
        co_return;
    http::Problem problem(503, "not_there_yet", "The tables are too far behind for a live feed.");
    problem.headers.emplace_back("Retry-After", "1");
    throw problem;
}

}  // namespace dacapo
