// A blocking HTTP/1.1 and WebSocket client for tests, over plain sockets: it can also send what no library
// would. Every wait has a deadline; what does not come in time throws, so a hanging server fails a test and
// not the run.
#pragma once

#include "tests/support/wire.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dacapo::test {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct HttpAnswer {
    int status = 0;
    Headers headers;
    std::string body;

    // The first field of this name, in any case; empty when there is none.
    std::string header(std::string_view name) const;
    bool has_header(std::string_view name) const;
};

class HttpClient {
public:
    explicit HttpClient(std::uint16_t port, std::optional<TlsOptions> tls = {})
        : port_(port), tls_(std::move(tls)) {}

    // Keeps the connection; makes a new one when the server has closed it. Sets Host and, with a body,
    // Content-Length, and Content-Type: application/json unless one is given.
    HttpAnswer request(std::string_view method, std::string_view target, const Headers& headers = {},
                       std::string_view body = {});

    Wire& wire();  // connected; for raw bytes
    // The next answer on the wire; 100 Continue is skipped. `to_head`: it has no body whatever its length
    // says.
    HttpAnswer read_answer(bool to_head = false);

    Headers default_headers;  // sent with every request(), for example Authorization

private:
    std::uint16_t port_;
    std::optional<TlsOptions> tls_;
    std::optional<Wire> wire_;
};

// Sends bytes on a connection of its own and reads one answer.
HttpAnswer send_raw(std::uint16_t port, std::string_view bytes);

struct SocketMessage {
    int opcode = 0;  // 1 text, 8 close, 9 ping, 10 pong
    std::string payload;
    std::uint16_t close_code = 0;  // of a close; 1005 when it has none, 1006 when the connection just ended
};

// A client's frame; `first_byte` holds FIN and opcode.
std::string masked_frame(std::uint8_t first_byte, std::string_view payload);

class SocketClient {
public:
    SocketClient(std::uint16_t port, std::string_view target, const Headers& headers = {},
                 const std::optional<TlsOptions>& tls = {});

    const HttpAnswer& handshake() const { return handshake_; }
    bool is_open() const { return handshake_.status == 101; }

    void send_text(std::string_view text);
    void send_frame(std::uint8_t first_byte, std::string_view payload);
    void send_close(std::uint16_t code, std::string_view reason = {});
    Wire& wire() { return wire_; }

    // The next frame. Pings are answered and, unless `show_pings`, skipped. The end of the stream is a close
    // 1006.
    SocketMessage receive(std::chrono::milliseconds wait = patience, bool show_pings = false);
    // The next text; throws for anything else.
    std::string receive_text(std::chrono::milliseconds wait = patience);
    // Nothing at all arrives for this long.
    bool is_quiet_for(std::chrono::milliseconds wait);

private:
    std::optional<SocketMessage> take_frame();

    Wire wire_;
    HttpAnswer handshake_;
};

}  // namespace dacapo::test
