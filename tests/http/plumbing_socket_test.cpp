// WebSockets on real connections: handshake, messages, closing, slow and silent clients.
#include "tests/support/http_client.hpp"
#include "tests/support/toy_server.hpp"

#include <doctest/doctest.h>
#include <thread>

using namespace dacapo;
using namespace dacapo::test;
using namespace std::chrono_literals;

TEST_CASE("a socket opens and echoes") {
    ToyServer server;
    SocketClient client(server.port(), "/api/ws/abc");
    REQUIRE(client.is_open());
    CHECK(client.handshake().header("Sec-WebSocket-Accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    CHECK_FALSE(client.handshake().has_header("Sec-WebSocket-Protocol"));
    client.send_text("d\xC3\xA9j\xC3\xA0 vu");
    CHECK(client.receive_text() == "d\xC3\xA9j\xC3\xA0 vu");
    const std::string longest(64 * 1024, 'x');
    client.send_text(longest);
    CHECK(client.receive_text() == longest);
    CHECK(server.listener().counts().sockets == 1);
    CHECK(server.exchanges().at(0).pattern == "/ws/{token}");
    CHECK(server.exchanges().at(0).status == 101);
}

TEST_CASE("what a socket's reader throws ends neither its thread nor the connections beside it") {
    http::ListenerOptions options;
    options.thread_count = 1;
    ToyServer server(options);
    HttpClient beside(server.port());
    CHECK(beside.request("GET", "/hello").status == 200);
    SocketClient client(server.port(), "/ws");
    client.send_text("throw");
    CHECK(beside.request("GET", "/hello").status == 200);
    SocketClient after(server.port(), "/ws");
    after.send_text("still here");
    CHECK(after.receive_text() == "still here");
    CHECK(server.internal_errors() == std::vector<std::string>{"thrown by a socket"});
}

TEST_CASE("a subprotocol is chosen from those offered") {
    ToyServer server;
    SocketClient client(server.port(), "/ws", {{"Sec-WebSocket-Protocol", "other, toy.v1"}});
    CHECK(client.is_open());
    CHECK(client.handshake().header("Sec-WebSocket-Protocol") == "toy.v1");
}

TEST_CASE("compression is not taken up, and a frame that uses it is a fault") {
    ToyServer server;
    SocketClient client(server.port(), "/ws",
                        {{"Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"}});
    REQUIRE(client.is_open());
    CHECK_FALSE(client.handshake().has_header("Sec-WebSocket-Extensions"));
    client.send_frame(0xC1, "x");
    CHECK(client.receive().close_code == 1002);
}

TEST_CASE("a handshake is refused with its status") {
    http::ListenerOptions options;
    options.origins_allowed = {"https://dacapo.example"};
    ToyServer server(options);
    CHECK(SocketClient(server.port(), "/ws/bad").handshake().status == 401);
    // RFC 6455 4.1: a handshake is of HTTP/1.1 or later.
    CHECK(send_raw(server.port(),
                   "GET /ws HTTP/1.0\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                   "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
              .status == 426);
    CHECK(SocketClient(server.port(), "/nowhere").handshake().status == 404);
    CHECK(SocketClient(server.port(), "/ws", {{"Origin", "https://evil.example"}}).handshake().status == 403);
    CHECK(SocketClient(server.port(), "/ws", {{"Origin", "null"}}).handshake().status == 403);
    CHECK(SocketClient(server.port(), "/ws", {{"Origin", "https://dacapo.example"}}).handshake().status ==
          101);
    // A WebSocket's fields on another route are none of its business.
    CHECK(SocketClient(server.port(), "/hello").handshake().status == 200);
    const std::string head = "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
    CHECK(send_raw(server.port(), head + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n\r\n")
              .status == 400);
    const auto old =
        send_raw(server.port(), head + "Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: x\r\n\r\n");
    CHECK(old.status == 426);
    CHECK(old.header("Sec-WebSocket-Version") == "13");
}

TEST_CASE("what is sent right behind the handshake is read") {
    ToyServer server;
    Wire wire(server.port());
    wire.send(
        "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: "
        "13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n" +
        masked_frame(0x81, "early"));
    while (wire.buffer().find("early") == std::string::npos) REQUIRE(wire.receive_more());
    CHECK(wire.buffer().starts_with("HTTP/1.1 101 "));
}

TEST_CASE("pings are answered between messages") {
    ToyServer server;
    SocketClient client(server.port(), "/ws");
    client.send_frame(0x89, "are you there");
    auto answer = client.receive();
    CHECK(answer.opcode == 10);
    CHECK(answer.payload == "are you there");
    // A flood of pings costs the server one frame at a time; the newest is always answered.
    std::string flood;
    for (int count = 0; count < 1000; ++count) flood += masked_frame(0x89, std::to_string(count));
    client.wire().send(flood);
    do answer = client.receive();
    while (answer.payload != "999");
    CHECK(answer.opcode == 10);
}

TEST_CASE("a client's close is echoed and told to the owner") {
    ToyServer server;
    SocketClient client(server.port(), "/ws");
    client.send_close(1000, "done");
    const auto answer = client.receive();
    CHECK(answer.opcode == 8);
    CHECK(answer.close_code == 1000);
    CHECK(client.receive().close_code == 1006);  // and then the server ends the connection
    client.wire().close();
    CHECK(server.closed_code() == 1000);
}

TEST_CASE("the owner's close reaches the client with its reason") {
    ToyServer server;
    SocketClient client(server.port(), "/ws");
    client.send_text("close");
    const auto message = client.receive();
    CHECK(message.close_code == 4001);
    CHECK(message.payload == "as asked");
    client.send_close(4001);
    CHECK(client.receive().close_code == 1006);
    client.wire().close();
    CHECK(server.closed_code() == 4001);
}

TEST_CASE("a client that vanishes is 1006") {
    ToyServer server;
    SocketClient client(server.port(), "/ws");
    client.wire().close();
    CHECK(server.closed_code() == 1006);
}

TEST_CASE("a client that is pinged answers and stays while a silent one is dropped") {
    http::ListenerOptions options;
    options.limits.ping_s = 1;
    options.limits.pong_s = 1;
    ToyServer server(options);
    SocketClient lively(server.port(), "/ws");
    CHECK(lively.receive(patience, true).opcode == 9);
    lively.send_text("alive");
    CHECK(lively.receive_text() == "alive");
    SocketClient silent(server.port(), "/ws");
    CHECK(silent.receive(patience, true).opcode == 9);
    // receive() answers the ping it shows, so silence is kept by not calling it.
    while (silent.wire().receive_more()) silent.wire().buffer().clear();
    CHECK(server.closed_code() == 1006);
}

TEST_CASE("a client that does not read is closed with 4204 at the queue's limit") {
    http::ListenerOptions options;
    options.limits.close_s = 1;
    ToyServer server(options);
    SocketClient deaf(server.port(), "/ws");
    deaf.send_text("flood");
    CHECK(server.closed_code() == 4204);
}

TEST_CASE("a queue within its limit reaches a slow reader whole and in order") {
    http::ListenerOptions options;
    options.limits.socket_queue_bytes_max = 16 * 1024 * 1024;
    ToyServer server(options);
    SocketClient client(server.port(), "/ws");
    client.send_text("flood");
    client.send_text("last");
    for (int count = 0; count < 64; ++count) CHECK(client.receive_text().size() == 64 * 1024);
    CHECK(client.receive_text() == "last");
}

TEST_CASE("a stop closes sockets with the owner's code") {
    http::ListenerOptions options;
    options.stop_close_code = 4101;
    ToyServer server(options);
    SocketClient client(server.port(), "/ws");
    std::thread stopping([&] { server.listener().stop(); });
    const auto message = client.receive();
    CHECK(message.close_code == 4101);
    client.send_close(4101);
    CHECK(client.receive().close_code == 1006);
    client.wire().close();
    stopping.join();
    CHECK(server.listener().counts().sockets == 0);
}
