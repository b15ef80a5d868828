// Timeouts, connection limits, a taken port and the graceful stop, on real sockets.
#include "tests/support/http_client.hpp"
#include "tests/support/toy_server.hpp"

#include <doctest/doctest.h>
#include <thread>

using namespace dacapo;
using namespace dacapo::test;
using namespace std::chrono_literals;

namespace {

// Waits for what another thread will make true.
template <class Condition>
bool becomes(Condition&& condition) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(2ms);
    }
    return true;
}

http::ListenerOptions with_seconds(unsigned header_s, unsigned body_s, unsigned idle_s) {
    http::ListenerOptions options;
    options.limits.header_s = header_s;
    options.limits.body_s = body_s;
    options.limits.idle_s = idle_s;
    return options;
}

}  // namespace

TEST_CASE("a header that comes too slowly is 408 while others are served") {
    ToyServer server(with_seconds(1, 60, 60));
    HttpClient other(server.port());
    Wire slow(server.port());
    slow.send("GET /hello HTTP/1.1\r\nHost: x\r\n");
    // A byte now and then does not buy time.
    const auto begun = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - begun < 700ms) {
        slow.try_send("A: b\r\n");
        CHECK(other.request("GET", "/hello").status == 200);
        std::this_thread::sleep_for(50ms);
    }
    const auto received = slow.receive_all();
    CHECK(received.starts_with("HTTP/1.1 408 "));
    CHECK(received.find("Connection: close") != std::string::npos);
    CHECK(other.request("GET", "/hello").status == 200);
}

TEST_CASE("a body that comes too slowly is 408") {
    ToyServer server(with_seconds(60, 1, 60));
    Wire slow(server.port());
    slow.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc");
    CHECK(slow.receive_all().starts_with("HTTP/1.1 408 "));
}

TEST_CASE("an idle connection is closed without a word") {
    ToyServer server(with_seconds(60, 60, 1));
    Wire idle(server.port());
    CHECK(idle.receive_all().empty());
    HttpClient kept(server.port());
    CHECK(kept.request("GET", "/hello").status == 200);
    CHECK(kept.wire().receive_all().empty());
}

TEST_CASE("a client that does not read its answer is dropped") {
    http::ListenerOptions options;
    options.limits.write_s = 1;
    options.limits.answer_bytes_per_s_min = 8 * 1024 * 1024;
    ToyServer server(options);
    Wire deaf(server.port());
    std::string bytes;
    for (int count = 0; count < 16; ++count) bytes += "GET /large HTTP/1.1\r\nHost: x\r\n\r\n";
    deaf.send(bytes);
    REQUIRE(becomes([&] { return server.listener().counts().connections == 1; }));
    CHECK(becomes([&] { return server.listener().counts().connections == 0; }));
    // The kernel took little more than the client's window: no second answer was made.
    CHECK(server.exchanges().size() == 1);
}

TEST_CASE("a client that reads now and then, but too slowly, is dropped") {
    http::ListenerOptions options;
    options.limits.write_s = 1;
    options.limits.answer_bytes_per_s_min = 8 * 1024 * 1024;
    ToyServer server(options);
    Wire slow(server.port());
    std::string bytes;
    for (int count = 0; count < 16; ++count) bytes += "GET /large HTTP/1.1\r\nHost: x\r\n\r\n";
    slow.send(bytes);
    CHECK(becomes([&] {
        std::this_thread::sleep_for(100ms);  // how slowly it reads
        slow.receive_more();
        return server.listener().counts().connections == 0;
    }));
}

TEST_CASE("connections over the limit are turned away and places come free again") {
    http::ListenerOptions options;
    options.limits.connection_count_max = 4;
    ToyServer server(options);
    std::vector<HttpClient> clients;
    for (int count = 0; count < 4; ++count) {
        clients.emplace_back(server.port());
        CHECK(clients.back().request("GET", "/hello").status == 200);
    }
    Wire fifth(server.port());
    CHECK(fifth.receive_all().starts_with("HTTP/1.1 503 "));
    CHECK(server.listener().counts().connections_refused == 1);
    clients.pop_back();
    REQUIRE(becomes([&] { return server.listener().counts().connections == 3; }));
    CHECK(HttpClient(server.port()).request("GET", "/hello").status == 200);
}

TEST_CASE("connections of one address have a limit of their own") {
    http::ListenerOptions options;
    options.limits.connection_count_per_address_max = 1;
    ToyServer server(options);
    HttpClient first(server.port());
    CHECK(first.request("GET", "/hello").status == 200);
    const auto refused = Wire(server.port()).receive_all();
    CHECK(refused.starts_with("HTTP/1.1 503 "));
    for (const char* part : {"Content-Type: application/problem+json", "Retry-After: 1",
                             "Date: ", "X-Request-Id: ", "Connection: close", "\"code\":\"overloaded\"",
                             "#temporary-reduced-capacity"})
        CHECK_MESSAGE(refused.find(part) != refused.npos, refused);
}

TEST_CASE("a trusted proxy brings as many connections as there may be") {
    http::ListenerOptions options;
    options.limits.connection_count_per_address_max = 1;
    options.trusted_proxies = TrustedProxies({"127.0.0.1"});
    ToyServer server(options);
    HttpClient first(server.port());
    HttpClient second(server.port());
    CHECK(first.request("GET", "/hello").status == 200);
    CHECK(second.request("GET", "/hello").status == 200);
}

TEST_CASE("a connection ends after its number of requests") {
    http::ListenerOptions options;
    options.limits.request_count_per_connection_max = 3;
    ToyServer server(options);
    HttpClient client(server.port());
    CHECK(client.request("GET", "/hello").header("Connection").empty());
    CHECK(client.request("GET", "/hello").header("Connection").empty());
    CHECK(client.request("GET", "/hello").header("Connection") == "close");
    CHECK(client.request("GET", "/hello").status == 200);
}

TEST_CASE("a taken port is an error that names it") {
    ToyServer server;
    http::ListenerOptions options;
    options.port = server.port();
    try {
        const http::Listener second(options, http::Router({}), {});
        FAIL("the port was taken twice");
    } catch (const http::PortTaken& taken) {
        CHECK(std::string(taken.what()).find("127.0.0.1:" + std::to_string(server.port())) !=
              std::string::npos);
    }
    options.host = "not a host";
    CHECK_THROWS_AS(http::Listener(options, http::Router({}), {}), std::invalid_argument);
}

TEST_CASE("a stop closes idle connections and lets a running request finish") {
    ToyServer server;
    HttpClient idle(server.port());
    CHECK(idle.request("GET", "/hello").status == 200);
    HttpClient busy(server.port());
    busy.wire().send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
    REQUIRE(server.reached_wait());

    std::thread stopping([&] { server.listener().stop(); });
    CHECK(idle.wire().receive_all().empty());
    // Each thread closes its own acceptor, so the last one may still take a connection for a moment.
    const auto refuses = [&] {
        try {
            Wire(server.port()).receive_all();
            return false;
        } catch (const std::exception&) {
            return true;
        }
    };
    CHECK(becomes(refuses));
    server.release();
    const auto answer = busy.read_answer();
    CHECK(answer.status == 200);
    CHECK(answer.body == "waited");
    CHECK(answer.header("Connection") == "close");
    stopping.join();
    CHECK(server.listener().counts().connections == 0);
}

TEST_CASE("a stop does not wait for ever") {
    http::ListenerOptions options;
    options.limits.stop_s = 1;
    ToyServer server(options);
    HttpClient busy(server.port());
    busy.wire().send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
    REQUIRE(server.reached_wait());
    const auto begun = std::chrono::steady_clock::now();
    server.listener().stop();
    CHECK(std::chrono::steady_clock::now() - begun < 8s);
}

TEST_CASE("many requests on many connections while the server stops lose none that was answered") {
    ToyServer server;
    std::vector<std::thread> clients;
    std::atomic<int> answered = 0;
    std::atomic<int> odd = 0;
    for (int count = 0; count < 8; ++count) {
        clients.emplace_back([&] {
            try {
                HttpClient client(server.port());
                while (true) {
                    if (client.request("GET", "/hello").body != "hello") ++odd;
                    ++answered;
                }
            } catch (const std::exception&) {
                // The server is gone: so it should be, once.
            }
        });
    }
    REQUIRE(becomes([&] { return answered > 200; }));
    server.listener().stop();
    for (auto& client : clients) client.join();
    CHECK(odd == 0);
    CHECK(server.internal_errors().empty());
}
