// How often WebSockets may be opened, by whom, and how many at once: refusals are problems that say when to
// come again.
#include "serve_limits.hpp"
#include "tests/support/running_server.hpp"
#include "tests/support/toy_server.hpp"

#include <doctest/doctest.h>

namespace dacapo::test {
namespace {

const Flags behind_proxy{{"rate-limit", "on"}, {"trusted-proxy", "127.0.0.1"}};

// The answer to a handshake; the socket, if there is one, is gone again.
Answer knock(RunningServer& server, const std::string& token, const std::string& address = "203.0.113.1") {
    return {SocketClient(server.port(), "/ws?token=" + token, {{"X-Forwarded-For", address}}).handshake()};
}

bool has_metric(RunningServer& server, const std::string& line) {
    return Client(server).get("/metrics").body.find(line + "\n") != std::string::npos;
}

TEST_CASE("a user may open so many sockets in a minute and costs nobody else any" *
          one_server_only("each server counts for itself")) {
    RunningServer server(behind_proxy);
    auto zoe = server.person("zoe");
    auto malik = server.person("malik");
    for (std::uint32_t i = 0; i < RequestLimits::user_handshakes_max; ++i)
        REQUIRE(knock(server, zoe.token).status == 101);
    const auto refused = knock(server, zoe.token, "203.0.113.2");  // on whatever address
    CHECK(refused.told() == "429 rate_limited");
    CHECK(refused.header("Content-Type") == "application/problem+json");
    CHECK(refused["violated-policies"] == json::array{"user-handshakes"});
    CHECK(std::stoll(refused.header("Retry-After")) >= 60);
    CHECK(refused.header("RateLimit-Policy") == "\"user-handshakes\";q=120;w=60");
    CHECK(has_metric(server, "dacapo_rate_limited_total{policy=\"user-handshakes\"} 1"));
    CHECK(knock(server, malik.token).status == 101);
    CHECK(zoe.get("/auth/me").status == 200);
    server.clock.advance(std::chrono::seconds(60));
    CHECK(knock(server, zoe.token).status == 101);
}

TEST_CASE("handshakes without a token that holds are counted for their address" *
          one_server_only("each server counts for itself")) {
    RunningServer server(behind_proxy);
    auto zoe = server.person("zoe");
    const auto altered = zoe.token.substr(0, zoe.token.size() - 2) + "xx";
    for (std::uint32_t i = 0; i < RequestLimits::anonymous_handshakes_max; ++i)
        REQUIRE(knock(server, altered).told() == "401 token_invalid");
    CHECK(knock(server, altered).told() == "429 rate_limited");
    CHECK(knock(server, "").told() == "429 rate_limited");
    CHECK(knock(server, altered, "203.0.113.2").told() == "401 token_invalid");
    CHECK(knock(server, zoe.token).status == 101);
    CHECK(has_metric(server, "dacapo_rate_limited_total{policy=\"anonymous-handshakes\"} 2"));
}

TEST_CASE("an address may have so many sockets open at once") {
    http::ListenerOptions options;
    options.limits.socket_count_per_client_max = 2;
    options.trusted_proxies = TrustedProxies({"127.0.0.1"});
    ToyServer server(options);
    const auto open = [&](const char* address) {
        return SocketClient(server.port(), "/ws", {{"X-Forwarded-For", address}});
    };
    auto one = open("2001:db8::1");
    const auto two = open("2001:db8::2");  // of the same /64
    CHECK(two.is_open());
    const Answer refused{open("2001:db8::3").handshake()};
    CHECK(refused.told() == "429 too_many_sockets");
    CHECK(refused.header("Content-Type") == "application/problem+json");
    CHECK(refused.has_header("Retry-After"));
    CHECK(refused.header("Connection") == "close");
    CHECK(server.listener().counts().sockets_refused == 1);
    CHECK(open("2001:db8:0:1::1").is_open());
    one.send_close(1000);
    CHECK(one.receive().close_code == 1000);
    one.wire().close();
    CHECK(comes_true([&] { return open("2001:db8::4").is_open(); }));
}

}  // namespace
}  // namespace dacapo::test
