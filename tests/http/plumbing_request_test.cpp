// The HTTP plumbing on real sockets, before any route of ours: framing, routing, tokens, CORS and errors.
#include "tests/support/http_client.hpp"
#include "tests/support/toy_server.hpp"

#include <doctest/doctest.h>
#include <boost/json.hpp>
#include <thread>

using namespace dacapo;
using namespace dacapo::test;

namespace {

std::string code_of(const HttpAnswer& answer) {
    CHECK(answer.header("Content-Type") == "application/problem+json");
    const auto problem = boost::json::parse(answer.body).as_object();
    CHECK(problem.at("status") == answer.status);
    CHECK(problem.at("request_id").as_string() == answer.header("X-Request-Id"));
    return std::string(problem.at("code").as_string());
}

}  // namespace

TEST_CASE("routes answer under root and api with and without a slash") {
    ToyServer server;
    HttpClient client(server.port());
    for (const char* target : {"/hello", "/hello/", "/api/hello", "/api/hello/", "http://localhost/hello"}) {
        CAPTURE(target);
        const auto answer = client.request("GET", target);
        CHECK(answer.status == 200);
        CHECK(answer.body == "hello");
    }
    CHECK(client.request("GET", "/things/12").body == "thing 12");
    CHECK(client.request("GET", "/files/d%C3%A9j%C3%A0").body == "file d\xC3\xA9j\xC3\xA0");
    CHECK(client.request("POST", "/echo", {}, "{\"a\":1}").body == "{\"a\":1}");
}

TEST_CASE("HEAD has the length of GET and no body") {
    ToyServer server;
    HttpClient client(server.port());
    const auto answer = client.request("HEAD", "/hello");
    CHECK(answer.status == 200);
    CHECK(answer.header("Content-Length") == "5");
    CHECK(client.request("GET", "/hello").body == "hello");
}

TEST_CASE("a large body that many answers share arrives whole, between other answers") {
    ToyServer server;
    HttpClient client(server.port());
    const auto ask = [](const std::string& line) { return line + " HTTP/1.1\r\nHost: x\r\n\r\n"; };
    client.wire().send(ask("GET /hello") + ask("GET /shared") + ask("HEAD /shared") + ask("GET /shared") +
                       ask("GET /hello"));
    const std::string body(100 * 1024, 's');
    CHECK(client.read_answer().body == "hello");
    CHECK((client.read_answer().body == body));
    CHECK(client.read_answer(true).header("Content-Length") == std::to_string(body.size()));
    CHECK((client.read_answer().body == body));
    CHECK(client.read_answer().body == "hello");
}

TEST_CASE("what is not there is a problem and the connection goes on") {
    ToyServer server;
    HttpClient client(server.port());
    auto answer = client.request("GET", "/nowhere");
    CHECK(answer.status == 404);
    CHECK(code_of(answer) == "not_found");
    answer = client.request("DELETE", "/things/1");
    CHECK(answer.status == 405);
    CHECK(code_of(answer) == "method_not_allowed");
    CHECK(answer.header("Allow") == "GET, HEAD, PUT, OPTIONS");
    answer = client.request("GET", "/things/0");
    CHECK(answer.status == 422);
    CHECK(code_of(answer) == "invalid_id");
    answer = client.request("GET", "/ws");
    CHECK(answer.status == 426);
    CHECK(answer.header("Upgrade") == "websocket");
    CHECK(client.request("POST", "/nowhere", {}, "{}").status == 404);
    CHECK(server.listener().counts().connections == 1);
}

TEST_CASE("an exception is 500 without its text and the server lives") {
    ToyServer server;
    HttpClient client(server.port());
    const auto answer = client.request("GET", "/broken");
    CHECK(answer.status == 500);
    CHECK(code_of(answer) == "internal_error");
    CHECK(answer.body.find("secret") == std::string::npos);
    CHECK(server.internal_errors() == std::vector<std::string>{"secret path /etc/x"});
    CHECK(client.request("GET", "/hello").status == 200);
    CHECK(server.listener().counts().connections == 1);
}

TEST_CASE("a token is asked for where the route says so") {
    ToyServer server;
    HttpClient client(server.port());
    auto answer = client.request("GET", "/whoami");
    CHECK(answer.status == 401);
    CHECK(code_of(answer) == "token_missing");
    CHECK(answer.header("WWW-Authenticate") == "Bearer realm=\"dacapo\"");
    CHECK(client.request("GET", "/whoami", {{"Authorization", "Bearer good"}}).body == "7");
    CHECK(client.request("GET", "/whoami", {{"Authorization", "bearer slow-good"}}).body == "7");
    for (const char* bad : {"Bearer bad", "Bearer", "Bearer ", "Basic Z29vZA==", "good"}) {
        CAPTURE(bad);
        answer = client.request("GET", "/whoami", {{"Authorization", bad}});
        CHECK(answer.status == 401);
        CHECK(answer.header("WWW-Authenticate") == "Bearer realm=\"dacapo\", error=\"invalid_token\"");
        CHECK(client.request("GET", "/maybe", {{"Authorization", bad}}).status == 401);
        CHECK(client.request("GET", "/hello", {{"Authorization", bad}}).status == 200);
    }
    CHECK(client.request("GET", "/maybe").body == "nobody");
    CHECK(client.request("GET", "/maybe", {{"Authorization", "Bearer good"}}).body == "7");
}

TEST_CASE("a token in a trailer is no token") {
    ToyServer server;
    const auto answer = send_raw(server.port(),
                                 "POST /whoami HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                                 "1\r\na\r\n0\r\nAuthorization: Bearer good\r\n\r\n");
    CHECK(answer.status == 401);
}

TEST_CASE("a trailer of 70 KB and a chunk extension of 100 KB are refused and the server lives") {
    ToyServer server;
    const std::string head = "POST /big HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (const auto& rest : {"0\r\nT: " + std::string(70'000, 't') + "\r\n\r\n",
                             "1;e=" + std::string(100'000, 'e') + "\r\na\r\n0\r\n\r\n"}) {
        const auto answer = send_raw(server.port(), head + rest);
        CHECK(answer.status == 431);
    }
    CHECK(HttpClient(server.port()).request("GET", "/hello").status == 200);
    CHECK(server.internal_errors().empty());
}

TEST_CASE("a body up to its route's limit is taken and one byte more is not") {
    ToyServer server;
    HttpClient client(server.port());
    CHECK(client.request("POST", "/echo", {}, std::string(1000, 'b')).body.size() == 1000);
    const auto answer = client.request("POST", "/echo", {}, std::string(1001, 'b'));
    CHECK(answer.status == 413);
    CHECK(code_of(answer) == "body_too_large");
    CHECK(client.request("POST", "/big", {}, std::string(1024 * 1024, 'b')).body.size() == 1024 * 1024);
    CHECK(client.request("POST", "/big", {}, std::string(1024 * 1024 + 1, 'b')).status == 413);
    CHECK(client.request("POST", "/nowhere", {}, std::string(64 * 1024 + 1, 'b')).status == 413);
}

TEST_CASE("pipelined requests are answered in order") {
    ToyServer server;
    HttpClient client(server.port());
    std::string bytes;
    for (int id = 1; id <= 100; ++id) {
        bytes += "GET /things/" + std::to_string(id) + " HTTP/1.1\r\nHost: x\r\n\r\n";
        if (id % 10 == 0) bytes += "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab";
    }
    client.wire().send(bytes);
    for (int id = 1; id <= 100; ++id) {
        CHECK(client.read_answer().body == "thing " + std::to_string(id));
        if (id % 10 == 0) CHECK(client.read_answer().body == "ab");
    }
}

TEST_CASE("100 continue is given or the reason why not") {
    ToyServer server;
    Wire wire(server.port());
    wire.send("POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
    while (wire.buffer().find("\r\n\r\n") == std::string::npos) REQUIRE(wire.receive_more());
    CHECK(wire.buffer() == "HTTP/1.1 100 Continue\r\n\r\n");
    wire.buffer().clear();
    wire.send("body");
    while (wire.buffer().find("body") == std::string::npos) REQUIRE(wire.receive_more());
    CHECK(wire.buffer().starts_with("HTTP/1.1 200 OK"));

    const auto refused = [&](const std::string& line, const std::string& fields) {
        const auto answer = send_raw(
            server.port(), line + " HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n" + fields + "\r\n");
        CHECK(answer.header("Connection") == "close");
        return answer.status;
    };
    CHECK(refused("POST /echo", "Content-Length: 1001\r\n") == 413);
    CHECK(refused("POST /whoami", "Content-Length: 10\r\n") == 401);
    CHECK(refused("POST /nowhere", "Content-Length: 10\r\n") == 404);
    CHECK(refused("POST /hello", "Content-Length: 10\r\n") == 405);
    CHECK(send_raw(server.port(), "GET /hello HTTP/1.1\r\nHost: x\r\nExpect: more\r\n\r\n").status == 417);
}

TEST_CASE("an instance is a URI and tells no name of its path") {
    ToyServer server;
    HttpClient client(server.port());
    const auto instance_of = [&](const std::string& target) {
        return boost::json::parse(client.request("GET", target).body).at("instance");
    };
    CHECK(instance_of("/no%20where%22%3c%c3%a9") == boost::json::value("/no%20where%22%3C%C3%A9"));
    CHECK(instance_of("/nowhere/a+b;c=d") == boost::json::value("/nowhere/a+b;c=d"));
    CHECK(instance_of("/ws/a-secret.token") == boost::json::value("/ws/***"));
}

TEST_CASE("what did not become a request is not taken for the one before it") {
    http::ListenerOptions options;
    options.trusted_proxies = TrustedProxies({"127.0.0.1"});
    options.limits.header_s = 1;
    ToyServer server(options);
    const std::string good = "GET /hello HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.50\r\n\r\n";
    CHECK(send_raw(server.port(), good + "GET /livez HTTP/1.1\nHost: x\n\n").status == 200);
    Wire slow(server.port());
    slow.send(good + "GET /hel");
    while (slow.buffer().find("408") == std::string::npos) REQUIRE(slow.receive_more());
    const auto seen = server.exchanges();
    REQUIRE(seen.size() == 4);
    CHECK(seen[0].remote_address == "203.0.113.50");
    CHECK(seen[1].status == 400);
    CHECK(seen[1].remote_address == "127.0.0.1");
    CHECK(seen[3].status == 408);
    CHECK(seen[3].remote_address == "127.0.0.1");
}

TEST_CASE("a refused head took as long as itself and not as long as its connection") {
    http::ListenerOptions options;
    options.limits.idle_s = 60;
    ToyServer server(options);
    HttpClient client(server.port());
    CHECK(client.request("GET", "/hello").status == 200);
    const auto waited = std::chrono::milliseconds(300);
    std::this_thread::sleep_for(waited);  // of which the test says that they do not count
    client.wire().send("GET /hello HTTP/1.1\nHost: x\n\n");
    CHECK(client.read_answer().status == 400);
    CHECK(server.exchanges().at(1).duration < waited);
}

TEST_CASE("a request that expects 100 is counted once, and when it is refused") {
    std::atomic<int> counted{0};
    http::Hooks hooks;
    hooks.count = [&](const http::Route&, const http::Request&) {
        ++counted;
        return std::optional<http::RateStanding>();
    };
    ToyServer server({}, std::move(hooks));
    const std::string rest = " HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
    Wire wire(server.port());
    wire.send("POST /echo" + rest);
    while (wire.buffer().find("100 Continue") == std::string::npos) REQUIRE(wire.receive_more());
    wire.send("ab");
    while (wire.buffer().find("200 OK") == std::string::npos) REQUIRE(wire.receive_more());
    CHECK(counted == 1);
    CHECK(send_raw(server.port(), "POST /whoami" + rest).status == 401);
    CHECK(counted == 2);
}

TEST_CASE("options tell the methods") {
    ToyServer server;
    HttpClient client(server.port());
    auto answer = client.request("OPTIONS", "/things/1");
    CHECK(answer.status == 204);
    CHECK(answer.header("Allow") == "GET, HEAD, PUT, OPTIONS");
    CHECK(client.request("OPTIONS", "*").status == 204);
    CHECK(client.request("OPTIONS", "/nowhere").status == 404);
}

TEST_CASE("CORS lets listed origins in and no others") {
    http::ListenerOptions options;
    options.origins_allowed = {"https://dacapo.example"};
    ToyServer server(options);
    HttpClient client(server.port());
    const Headers preflight{{"Origin", "https://dacapo.example"},
                            {"Access-Control-Request-Method", "PUT"},
                            {"Access-Control-Request-Headers", "authorization, content-type"}};
    auto answer = client.request("OPTIONS", "/things/1", preflight);
    CHECK(answer.status == 204);
    CHECK(answer.header("Access-Control-Allow-Origin") == "https://dacapo.example");
    CHECK(answer.header("Access-Control-Allow-Credentials") == "true");
    CHECK(answer.header("Access-Control-Allow-Methods") == "GET, HEAD, PUT, OPTIONS");
    CHECK(answer.header("Access-Control-Allow-Headers") == "authorization, content-type");
    CHECK(answer.has_header("Access-Control-Max-Age"));
    CHECK(answer.header("Vary") == "Origin");

    answer = client.request("GET", "/nowhere", {{"Origin", "https://dacapo.example"}});
    CHECK(answer.header("Access-Control-Allow-Origin") == "https://dacapo.example");
    CHECK(answer.header("Access-Control-Expose-Headers").find("Dacapo-Position") != std::string::npos);
    for (const char* origin :
         {"null", "https://evil.example", "https://dacapo.example.evil.example", "http://localhost"}) {
        CAPTURE(origin);
        answer = client.request("GET", "/hello", {{"Origin", origin}});
        CHECK(answer.status == 200);
        CHECK_FALSE(answer.has_header("Access-Control-Allow-Origin"));
        CHECK(answer.header("Vary") == "Origin");
        answer = client.request("OPTIONS", "/hello",
                                {{"Origin", origin}, {"Access-Control-Request-Method", "GET"}});
        CHECK_FALSE(answer.has_header("Access-Control-Allow-Origin"));
        CHECK_FALSE(answer.has_header("Access-Control-Allow-Methods"));
    }
}

TEST_CASE("a request id is kept when it is harmless and made otherwise") {
    ToyServer server;
    HttpClient client(server.port());
    CHECK(client.request("GET", "/hello", {{"X-Request-Id", "Ab-1_2.3"}}).header("X-Request-Id") ==
          "Ab-1_2.3");
    for (const std::string& bad :
         {std::string("a b"), std::string(65, 'a'), std::string("<x>"), std::string()}) {
        const auto made = client.request("GET", "/hello", {{"X-Request-Id", bad}}).header("X-Request-Id");
        CHECK(made.size() == 16);
        CHECK(made != bad);
    }
}

TEST_CASE("every exchange is reported by pattern and never by path") {
    ToyServer server;
    HttpClient client(server.port());
    client.request("GET", "/files/secret-token", {{"X-Request-Id", "one"}});
    client.request("GET", "/nowhere/secret-token");
    const auto seen = server.exchanges();
    REQUIRE(seen.size() == 2);
    CHECK(seen[0].pattern == "/files/{name}");
    CHECK(seen[0].status == 200);
    CHECK(seen[0].request_id == "one");
    CHECK(seen[1].pattern.empty());
    CHECK(seen[1].status == 404);
}

TEST_CASE("HTTP 1.0 is answered and closed unless it asks to stay") {
    ToyServer server;
    Wire wire(server.port());
    wire.send("GET /hello HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n\r\n");
    while (wire.buffer().find("hello") == std::string::npos) REQUIRE(wire.receive_more());
    CHECK(wire.buffer().find("Connection: keep-alive\r\n") != std::string::npos);
    wire.buffer().clear();
    wire.send("GET /hello HTTP/1.0\r\nHost: x\r\n\r\n");
    CHECK(wire.receive_all().find("Connection: close\r\n") != std::string::npos);
}

TEST_CASE("a large answer to a slow reader arrives whole") {
    ToyServer server;
    HttpClient client(server.port());
    std::string bytes;
    for (int count = 0; count < 8; ++count) bytes += "GET /large HTTP/1.1\r\nHost: x\r\n\r\n";
    client.wire().send(bytes);
    // Another connection of the same server is not held up meanwhile.
    for (int count = 0; count < 4; ++count)
        CHECK(HttpClient(server.port()).request("GET", "/hello").status == 200);
    for (int count = 0; count < 8; ++count) CHECK(client.read_answer().body.size() == 2 * 1024 * 1024);
}
