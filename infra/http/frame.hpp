// WebSocket framing (RFC 6455 section 5), the server's side, as bytes in and bytes out: no socket here.
// Our own and not a library's, because one frame is built once and shared by every receiver.
#pragma once

#include "infra/http/utf8.hpp"
#include "infra/http/websocket.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace dacapo::http {

inline constexpr std::size_t control_payload_bytes_max = 125;

Frame ping_frame(std::string_view payload);
Frame pong_frame(std::string_view payload);
// The reason is cut, at a whole character, to what fits. Code 1005 gives a frame without a body.
Frame close_frame(std::uint16_t code, std::string_view reason);

// One thing that a client's bytes amount to.
struct Incoming {
    enum class Kind {
        nothing,  // the bytes are used up
        text,
        ping,
        pong,
        close,   // `code` is 1005 when the client gave none
        failed,  // close with `code`; read no further
    };
    Kind kind = Kind::nothing;
    std::string_view payload;  // valid until the next call
    std::uint16_t code = 0;
};

class FrameReader {
public:
    explicit FrameReader(std::size_t message_bytes_max) : message_bytes_max_(message_bytes_max) {}

    // Takes bytes from the front of `bytes` until something is complete. Binary messages fail with 1003,
    // faults with 1002, text that is not UTF-8 with 1007 (as early as it shows), messages over the limit with
    // 1009.
    Incoming next(std::span<const char>& bytes);

private:
    enum class Opcode : std::uint8_t {
        continuation = 0,
        text = 1,
        binary = 2,
        close = 8,
        ping = 9,
        pong = 10
    };

    bool take_header(std::span<const char>& bytes);
    std::uint16_t check_header();  // 0: fine, otherwise the close code
    std::uint16_t take_payload(std::span<const char>& bytes);
    Incoming finish_frame();
    Incoming finish_close();
    Incoming fail(std::uint16_t code);
    bool is_control() const { return static_cast<std::uint8_t>(opcode_) >= 8; }

    std::size_t message_bytes_max_;
    std::array<unsigned char, 14> header_{};
    std::size_t header_bytes_ = 0;
    bool in_payload_ = false;
    bool failed_ = false;

    bool final_ = false;
    Opcode opcode_ = Opcode::text;
    std::array<unsigned char, 4> mask_{};
    std::uint64_t remaining_ = 0;
    std::size_t mask_at_ = 0;

    bool in_message_ = false;  // a fragmented message has begun
    bool delivered_ = false;   // `message_` was handed out and is to be cleared
    std::string message_;
    std::string control_;
    Utf8Check utf8_;
};

}  // namespace dacapo::http
