#include "command/neighbours.hpp"

#include "command/shard.hpp"
#include "infra/http/listener.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/io_thread.hpp"
#include "tests/support/manual_clock.hpp"

#include <doctest/doctest.h>

namespace dacapo {
namespace {

using namespace dacapo::testing;
namespace json = boost::json;

const std::string secret = "the secret of this cluster, and of no other";

// A command server that owns every shard, reduced to its internal route and one of its commands.
struct Owner {
    explicit Owner(const ManualClock& clock)
        : neighbours(
              secret, "http://unused:1", [](int) { return std::nullopt; }, clock) {
        neighbours.answer("double", [](json::object question) -> boost::asio::awaitable<json::object> {
            json::object answer;
            answer["twice"] = question.at("n").to_number<std::int64_t>() * 2;
            co_return answer;
        });
        neighbours.answer("refuse", [](json::object) -> boost::asio::awaitable<json::object> {
            throw http::Problem(400, "title_taken", "A live event has this title already.");
            co_return json::object{};
        });
        http::Route command;
        command.method = http::Method::post;
        command.pattern = "/events/{event_id}/join";
        command.handler = [this](http::Request& request) -> boost::asio::awaitable<http::Response> {
            seen = request;
            http::Response response;
            response.status = 201;
            response.body = R"({"position":3})";
            response.set_header("Dacapo-Position", "00000000000000aa.1-7");
            co_return response;
        };
        std::vector<http::Route> routes{neighbours.route(), std::move(command)};
        listener = std::make_unique<http::Listener>(http::ListenerOptions{}, http::Router(std::move(routes)),
                                                    http::Hooks{});
        listener->start();
    }
    std::string url() const { return "http://127.0.0.1:" + std::to_string(listener->port()); }

    Neighbours neighbours;
    http::Request seen;
    std::unique_ptr<http::Listener> listener;
};

// One that owns none.
struct Asker {
    Asker(std::string shared_secret, std::optional<std::string> owner, const ManualClock& clock)
        : neighbours(
              std::move(shared_secret), "http://unused:2", [owner](int) { return owner; }, clock) {}
    ~Asker() { neighbours.close_connections(); }

    std::string ask(const std::string& name, json::object question) {
        try {
            return json::serialize(io.run(neighbours.ask(0, name, std::move(question))));
        } catch (const http::Problem& problem) {
            return std::to_string(problem.status) + ' ' + problem.code;
        }
    }

    IoThread io;
    Neighbours neighbours;
};

json::object number(std::int64_t n) {
    json::object question;
    question["n"] = n;
    return question;
}

}  // namespace

TEST_CASE("a server answers what another of its cluster asks, and passes its refusals on") {
    const ManualClock clock;
    Owner owner(clock);
    Asker asker(secret, owner.url(), clock);
    CHECK(asker.ask("double", number(21)) == R"({"twice":42})");
    CHECK(asker.ask("double", number(4)) == R"({"twice":8})");  // on the same connection
    CHECK(asker.ask("refuse", {}) == "400 title_taken");
    CHECK(asker.ask("nonsense", {}) == "400 unknown_question");
}

TEST_CASE("who does not know the cluster's secret, or is late with it, is told nothing") {
    ManualClock clock;
    Owner owner(clock);
    Asker stranger("another secret", owner.url(), clock);
    CHECK(stranger.ask("double", number(21)) == "401 not_of_this_cluster");
    test::HttpClient client(owner.listener->port());
    CHECK(client
              .request("POST", "/internal/commands", {{"Content-Type", "application/json"}},
                       R"({"ask":"double","n":1})")
              .status == 401);
    ManualClock earlier;
    Asker replay(secret, owner.url(), earlier);
    clock.advance(std::chrono::minutes(2));
    CHECK(replay.ask("double", number(21)) == "401 not_of_this_cluster");
}

TEST_CASE("an owner that is not known, is this server itself or cannot be reached is 503 shard_elsewhere") {
    const ManualClock clock;
    CHECK(Asker(secret, std::nullopt, clock).ask("double", number(1)) == "503 shard_elsewhere");
    CHECK(Asker(secret, "http://unused:2", clock).ask("double", number(1)) == "503 shard_elsewhere");
    std::uint16_t gone = 0;
    {
        Owner owner(clock);
        gone = owner.listener->port();
    }
    CHECK(Asker(secret, "http://127.0.0.1:" + std::to_string(gone), clock).ask("double", number(1)) ==
          "503 shard_elsewhere");
}

TEST_CASE("a command is sent on once, as it came, and its answer comes back") {
    const ManualClock clock;
    Owner owner(clock);
    Asker asker(secret, owner.url(), clock);
    http::Route route;
    route.method = http::Method::post;
    route.pattern = "/events/{event_id}/join";
    route.handler = [](http::Request&) -> boost::asio::awaitable<http::Response> {
        throw ShardElsewhere(1);
        co_return http::Response{};
    };
    const auto routes = forwarding({route}, asker.neighbours);
    http::Request request;
    request.method = http::Method::post;
    request.path = "/events/33/join";
    request.query = {{"note", "à deux"}};
    request.body = R"({"as": "bass"})";
    request.content_type = "application/json";
    request.idempotency_key = "k1";
    request.request_id = "request-1";
    const auto response = asker.io.run(routes.front().handler(request));
    CHECK(response.status == 201);
    CHECK(response.content() == R"({"position":3})");
    CHECK(owner.seen.path == request.path);
    CHECK(owner.seen.query == request.query);
    CHECK(owner.seen.body == request.body);
    CHECK(owner.seen.idempotency_key == "k1");
    CHECK(owner.seen.request_id == "request-1");
    CHECK(owner.seen.forwarded);

    request.forwarded = true;  // It has been sent on already.
    std::string refused;
    try {
        asker.io.run(routes.front().handler(request));
    } catch (const http::Problem& problem) {
        refused = problem.code;
    }
    CHECK(refused == "shard_elsewhere");
}

TEST_CASE("a command waits while its shard changes hands, and no longer than a second") {
    const ManualClock clock;
    Asker asker(secret, std::nullopt, clock);
    int asked = 0;
    int asked_in_vain = 3;
    http::Route route;
    route.method = http::Method::post;
    route.handler = [&](http::Request&) -> boost::asio::awaitable<http::Response> {
        if (asked++ < asked_in_vain) throw ShardElsewhere(1);
        http::Response response;
        response.status = 201;
        co_return response;
    };
    const auto routes = forwarding({route}, asker.neighbours);
    http::Request request;
    request.method = http::Method::post;
    CHECK(asker.io.run(routes.front().handler(request)).status == 201);
    CHECK(asked == asked_in_vain + 1);

    asked_in_vain = 1'000'000;
    std::string refused;
    try {
        asker.io.run(routes.front().handler(request));
    } catch (const http::Problem& problem) {
        refused = problem.code;
    }
    CHECK(refused == "shard_elsewhere");
}

}  // namespace dacapo
