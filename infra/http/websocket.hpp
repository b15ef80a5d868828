// One open WebSocket (RFC 6455) as its owner sees it, and frames that are built once for many receivers.
// An interface, so that whoever feeds sockets neither includes the network nor needs one in tests.
#pragma once

#include "infra/http/message.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace dacapo::http {

// A whole unmasked frame, header and payload: immutable, shared by every connection that sends it.
using Frame = std::shared_ptr<const std::string>;
Frame text_frame(std::string_view payload);

// Close codes: RFC 6455 7.4.1, and those of the feeds' protocol (40xx do not reconnect, 42xx reconnect at
// once).
namespace close_code {
inline constexpr std::uint16_t normal = 1000;
inline constexpr std::uint16_t going_away = 1001;
inline constexpr std::uint16_t protocol_error = 1002;
inline constexpr std::uint16_t unsupported_data = 1003;
inline constexpr std::uint16_t none_received = 1005;  // reported to the owner only, never sent
inline constexpr std::uint16_t abnormal = 1006;       // likewise
inline constexpr std::uint16_t invalid_text = 1007;
inline constexpr std::uint16_t too_large = 1009;
inline constexpr std::uint16_t internal_error = 1011;
inline constexpr std::uint16_t too_slow = 4204;
}  // namespace close_code

// Everything here, callbacks included, happens on the one thread of executor(). After on_close nothing is
// called. A WebSocket that has closed ignores send() and close().
class WebSocket {
public:
    using Executor = boost::asio::io_context::executor_type;

    virtual ~WebSocket() = default;

    virtual Executor executor() const = 0;
    virtual std::size_t thread_index() const = 0;
    virtual const std::string& remote_address() const = 0;

    // Queues the frame; all frames queued within one turn of the thread leave in few writes, in order.
    virtual void send(Frame frame) = 0;
    // What has been queued and not yet taken by the kernel. Past Limits::socket_queue_bytes_max it closes
    // with 4204.
    virtual std::size_t queued_bytes() const = 0;
    // Sends what is queued, then the close frame; the reason is cut to 123 bytes.
    virtual void close(std::uint16_t code, std::string_view reason) = 0;
    virtual bool is_open() const = 0;  // false once a close has begun from either side

    std::function<void(std::string_view text)>
        on_text;                       // a whole message, valid UTF-8; valid during the call
    std::function<void()> on_drained;  // the queue has become empty
    // Once, never from within send() or close(): the peer's code, or ours if we closed first; 1006 if it just
    // vanished.
    std::function<void(std::uint16_t code, std::string_view reason)> on_close;
};

// What a route says to a handshake. `on_open` runs on the socket's thread, before anything is read from it.
struct SocketAccept {
    std::string subprotocol;  // one of those offered, or empty
    std::function<void(std::shared_ptr<WebSocket>)> on_open;
};

// `{name}` segments arrive in Request::names, as for routes. To refuse, throw a Problem.
// Origin, version and key have been checked before.
struct SocketRoute {
    std::string pattern;  // "/ws/{token}"
    std::function<boost::asio::awaitable<SocketAccept>(Request&, std::vector<std::string> subprotocols)>
        accept;
};

}  // namespace dacapo::http
