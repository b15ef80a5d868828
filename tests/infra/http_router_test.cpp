#include "infra/http/router.hpp"

#include "infra/http/target.hpp"

#include <doctest/doctest.h>
#include <stdexcept>

using namespace dacapo::http;

namespace {

Route route(Method method, std::string pattern) {
    Route made;
    made.method = method;
    made.pattern = std::move(pattern);
    made.handler = [](Request&) -> boost::asio::awaitable<Response> { co_return Response{}; };
    return made;
}

Router sample() {
    std::vector<Route> routes;
    for (const char* pattern :
         {"/", "/events", "/events/{event_id}", "/events/{event_id}.ics", "/users/me", "/users/{user_id}",
          "/users/{user_id}/instruments/{instrument_id}", "/calendar/{token}"})
        routes.push_back(route(Method::get, pattern));
    routes.push_back(route(Method::post, "/events"));
    routes.push_back(route(Method::del, "/events/{gathering_id}"));  // another name for the same variable
    routes.push_back(route(Method::post, "/users/me/blocks"));
    SocketRoute socket;
    socket.pattern = "/ws/{token}";
    socket.accept = [](Request&, std::vector<std::string>) -> boost::asio::awaitable<SocketAccept> {
        co_return SocketAccept{};
    };
    return Router(std::move(routes), {socket});
}

Request request(Method method, std::string path) {
    Request made;
    made.method = method;
    made.path = std::move(path);
    return made;
}

std::string pattern_of(const Router& router, Method method, const char* path) {
    auto asked = request(method, path);
    const auto match = router.find(asked);
    return match.route != nullptr ? match.route->pattern : "";
}

std::optional<HeadError> parse(std::string_view target, Request& into) {
    return parse_target(target, "localhost:8000", into);
}

}  // namespace

TEST_CASE("a path leads to the route of its method") {
    const auto router = sample();
    CHECK(pattern_of(router, Method::get, "/") == "/");
    CHECK(pattern_of(router, Method::get, "/events") == "/events");
    CHECK(pattern_of(router, Method::head, "/events") == "/events");
    CHECK(pattern_of(router, Method::get, "/events/33") == "/events/{event_id}");
    CHECK(pattern_of(router, Method::del, "/events/33") == "/events/{gathering_id}");
    CHECK(pattern_of(router, Method::get, "/events/33.ics") == "/events/{event_id}.ics");
    CHECK(pattern_of(router, Method::get, "/users/me") == "/users/me");
    CHECK(pattern_of(router, Method::get, "/users/7") == "/users/{user_id}");
    CHECK(pattern_of(router, Method::get, "/calendar/abc") == "/calendar/{token}");
    CHECK(pattern_of(router, Method::get, "/nothing").empty());
    CHECK(pattern_of(router, Method::get, "/events/33/x").empty());
    CHECK(pattern_of(router, Method::get, "/calendar/").empty());
}

TEST_CASE("a method that is no route's finds no route and what the path serves") {
    const auto router = sample();
    for (const char* path : {"/events", "/events/33", "/ws/t"}) {
        CAPTURE(path);
        auto asked = request(Method::other, path);
        const auto match = router.find(asked);
        CHECK(match.path_known);
        CHECK(match.route == nullptr);
        CHECK(match.socket == nullptr);
        CHECK(match.allow.find("GET, HEAD") == 0);
    }
    auto asked = request(Method::other, "/nothing");
    CHECK_FALSE(router.find(asked).path_known);
    CHECK_THROWS_AS(Router({route(Method::other, "/x")}), std::invalid_argument);
}

TEST_CASE("the variables of a path are handed over in order") {
    const auto router = sample();
    auto asked = request(Method::get, "/users/7/instruments/9007199254740991");
    const auto match = router.find(asked);
    CHECK_FALSE(match.id_refused);
    CHECK(asked.ids == std::vector<std::int64_t>{7, 9007199254740991});
    auto named = request(Method::get, "/calendar/a b");
    router.find(named);
    CHECK(named.names == std::vector<std::string>{"a b"});
    CHECK(named.ids.empty());
}

TEST_CASE("what is no id is refused and not another route") {
    const auto router = sample();
    for (const char* path :
         {"/events/abc", "/events/0", "/events/-1", "/events/+1", "/events/01", "/events/1.5",
          "/events/9007199254740992", "/events/99999999999999999999999", "/events/x.ics"}) {
        CAPTURE(path);
        auto asked = request(Method::get, path);
        const auto match = router.find(asked);
        CHECK(match.path_known);
        CHECK(match.id_refused);
    }
}

TEST_CASE("a known path tells its methods") {
    const auto router = sample();
    auto asked = request(Method::patch, "/events");
    auto match = router.find(asked);
    CHECK(match.path_known);
    CHECK(match.route == nullptr);
    CHECK(match.allow == "GET, HEAD, POST, OPTIONS");
    auto unknown = request(Method::get, "/x");
    match = router.find(unknown);
    CHECK_FALSE(match.path_known);
    CHECK(match.pattern.empty());
}

TEST_CASE("a fixed segment without the rest falls back to the variable") {
    std::vector<Route> routes;
    routes.push_back(route(Method::get, "/a/b/c"));
    routes.push_back(route(Method::get, "/a/{name}/d"));
    const Router router(std::move(routes));
    CHECK(pattern_of(router, Method::get, "/a/b/d") == "/a/{name}/d");
}

TEST_CASE("a WebSocket's path is found for GET alone") {
    const auto router = sample();
    auto asked = request(Method::get, "/ws/abc");
    auto match = router.find(asked);
    CHECK(match.socket != nullptr);
    CHECK(match.route == nullptr);
    CHECK(asked.names == std::vector<std::string>{"abc"});
    auto posted = request(Method::post, "/ws/abc");
    match = router.find(posted);
    CHECK(match.path_known);
    CHECK(match.socket == nullptr);
}

TEST_CASE("a faulty table of routes is refused at the start") {
    const auto build = [](std::vector<Route> routes) { const Router router(std::move(routes)); };
    CHECK_THROWS_AS(build({route(Method::get, "/a"), route(Method::get, "/a/")}), std::invalid_argument);
    CHECK_THROWS_AS(build({route(Method::get, "/a/{x_id}"), route(Method::get, "/a/{y_id}")}),
                    std::invalid_argument);
    CHECK_THROWS_AS(build({route(Method::get, "a")}), std::invalid_argument);
    CHECK_THROWS_AS(build({route(Method::get, "/a//b")}), std::invalid_argument);
    CHECK_THROWS_AS(build({route(Method::get, "/{}")}), std::invalid_argument);
    auto without_handler = route(Method::get, "/a");
    without_handler.handler = nullptr;
    CHECK_THROWS_AS(build({without_handler}), std::invalid_argument);
}

TEST_CASE("a path is decoded once and stands under the root and under api alike") {
    const std::vector<std::pair<std::string, std::string>> paths{{"/", "/"},
                                                                 {"/api", "/"},
                                                                 {"/api/", "/"},
                                                                 {"/events", "/events"},
                                                                 {"/events/", "/events"},
                                                                 {"/api/events/", "/events"},
                                                                 {"/apis", "/apis"},
                                                                 {"/%61pi/events", "/events"},
                                                                 {"/a%20b", "/a b"},
                                                                 {"/a%2520", "/a%20"},
                                                                 {"/d%C3%A9", "/d\xC3\xA9"},
                                                                 {"/a+b", "/a+b"},
                                                                 {"http://localhost:8000/x?y=1", "/x"},
                                                                 {"http://LOCALHOST:8000", "/"},
                                                                 {"/...", "/..."}};
    for (const auto& [target, path] : paths) {
        CAPTURE(target);
        Request into;
        CHECK_FALSE(parse(target, into).has_value());
        CHECK(into.path == path);
    }
}

TEST_CASE("a target that cannot be meant is refused") {
    for (const char* target : {"/a%00",
                               "/a%2fb",
                               "/a%2Fb",
                               "/a%5cb",
                               "/..",
                               "/a/../b",
                               "/%2e%2e/a",
                               "/./a",
                               "/a%",
                               "/a%2",
                               "/a%zz",
                               "/a%ff",
                               "/%c0%af",
                               "/a#b",
                               "*",
                               "example.com:80",
                               "ftp://localhost:8000/",
                               "/a%0d%0ab",
                               "/a?x=%",
                               "/a?x=%00",
                               "/a?x=%ff",
                               "/a?%ff=1",
                               "/a?x=1&x=2",
                               "/a?x=1&y=2&%78=3"}) {
        CAPTURE(target);
        Request into;
        const auto error = parse(target, into);
        REQUIRE(error.has_value());
        CHECK(error->status == 400);
    }
    Request into;
    CHECK(parse("http://other.example/", into)->status == 421);
}

TEST_CASE("a query is decoded") {
    Request into;
    CHECK_FALSE(parse("/a?q=jam+session&near=48.8%2C2.3&flag&&empty=", into).has_value());
    CHECK(into.query_value("q") == "jam session");
    CHECK(into.query_value("near") == "48.8,2.3");
    CHECK(into.query_value("flag") == "");
    CHECK(into.query_value("empty") == "");
    CHECK_FALSE(into.query_value("none").has_value());
}

TEST_CASE("a host is a name or an address with or without a port") {
    for (const char* good :
         {"localhost", "localhost:8000", "127.0.0.1", "[::1]:80", "a-b.example", "host:"}) {
        CAPTURE(good);
        CHECK(is_host(good));
    }
    for (const char* bad :
         {"", ":80", "a b", "a/b", "user@host", "[::1", "[]", "[x]", "host:80:80", "host:x", "a,b"}) {
        CAPTURE(bad);
        CHECK_FALSE(is_host(bad));
    }
}
