// The feed's handshakes: where a token may stand, what is refused, and which subprotocol is named.
#include "infra/http/problem.hpp"
#include "tests/support/feed_server.hpp"

#include <doctest/doctest.h>

namespace dacapo {
namespace {

using testing::FeedServer;

// "401 token_invalid", or "101" and the subprotocol.
std::string outcome(FeedServer& club, const http::Request& request, std::vector<std::string> offered = {}) {
    try {
        return "101 " + club.handshake(request, std::move(offered)).subprotocol;
    } catch (const http::Problem& problem) {
        return std::to_string(problem.status) + ' ' + problem.code;
    }
}

http::Request with_query(std::string name, std::string value) {
    http::Request request;
    request.query.emplace_back(std::move(name), std::move(value));
    return request;
}

}  // namespace

TEST_CASE("a token may stand in the path or the query or Authorization or a subprotocol") {
    FeedServer club;
    const auto token = club.token(1);
    http::Request path, header;
    path.names = {token};
    header.authorization = "bEARER  " + token;
    CHECK(outcome(club, path) == "101 ");
    CHECK(outcome(club, header) == "101 ");
    CHECK(outcome(club, with_query("token", token)) == "101 ");
    CHECK(outcome(club, with_query("ticket", token)) == "101 ");
    CHECK(outcome(club, {}, {"chat", "bearer." + token}) == "101 bearer." + token);
    CHECK(outcome(club, path, {"chat"}) == "101 ");
}

TEST_CASE("a bad token is refused at the handshake") {
    FeedServer club;
    http::Request path, header;
    path.names = {"forged"};
    header.authorization = "Bearer forged";
    CHECK(outcome(club, path) == "401 token_invalid");
    CHECK(outcome(club, header) == "401 token_invalid");
    CHECK(outcome(club, with_query("token", "forged")) == "401 token_invalid");
    CHECK(outcome(club, {}, {"bearer.forged"}) == "401 token_invalid");
    CHECK(outcome(club, {}) == "401 token_missing");
    CHECK(outcome(club, with_query("token", "")) == "401 token_missing");
    CHECK(outcome(club, {}, {"bearer."}) == "401 token_missing");
    const auto expired = club.token(1, 1, testing::ManualClock::noon);
    CHECK(outcome(club, with_query("token", expired)) == "401 token_invalid");
}

TEST_CASE("a token that is not known at once is asked for") {
    FeedServer club;
    FeedHub::Access access;
    access.claims_of = [](std::string_view) { return std::nullopt; };
    access.holds = [](const FeedViewer&) { return true; };
    access.authenticate = [](std::string token) -> boost::asio::awaitable<FeedViewer> {
        if (token != "late") throw http::Problem(401, "token_invalid", "");
        co_return FeedViewer{{{1}, {1}, Role::user}, Timestamp::max()};
    };
    FeedHub hub(club.context, access);
    const auto outcome_of = [&](std::string token) {
        try {
            club.handshake_with(hub, with_query("token", std::move(token)));
        } catch (const http::Problem& problem) {
            return problem.status;
        }
        return 101;
    };
    CHECK(outcome_of("late") == 101);
    CHECK(outcome_of("never") == 401);
}

TEST_CASE("an unknown topic is refused") {
    FeedServer club;
    const auto with_topics = [&](std::string topics) {
        auto request = with_query("topics", std::move(topics));
        request.names = {club.token(1)};
        return outcome(club, request);
    };
    CHECK(with_topics("messages,events,checkIns") == "101 ");
    CHECK(with_topics("messages,messages") == "101 ");
    CHECK(with_topics("weather") == "422 invalid");
    CHECK(with_topics("messages,") == "422 invalid");
    CHECK(with_topics("") == "422 invalid");
}

TEST_CASE("a feed is not begun on tables that are far behind") {
    FeedServer club;
    const auto token = club.token(1);
    club.add_unprojected(2, FeedServer::message(1, {2}, {1}));
    CHECK(outcome(club, with_query("token", token)) == "503 not_there_yet");  // nothing passed yet
    club.projector.catch_up();
    CHECK(outcome(club, with_query("token", token)) == "101 ");
    club.add_unprojected(2, FeedServer::message(2, {2}, {1}));
    CHECK(outcome(club, with_query("token", token)) == "101 ");  // a little behind
    club.lag_s = 3;
    CHECK(outcome(club, with_query("token", token)) == "503 not_there_yet");
}

}  // namespace dacapo
