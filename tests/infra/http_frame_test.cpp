// The WebSocket frame table, in the order of Autobahn's chapters: 1 framing, 2 pings, 3 reserved bits, 4
// opcodes, 5 fragmentation, 6 UTF-8, 7 closing, 9 limits.
#include "infra/http/frame.hpp"

#include "infra/http/handshake.hpp"
#include "tests/support/http_client.hpp"

#include <doctest/doctest.h>

using namespace dacapo::http;
using dacapo::test::masked_frame;
using Kind = Incoming::Kind;

namespace {

constexpr std::size_t message_bytes_max = 64 * 1024;

struct Event {
    Kind kind;
    std::string payload;
    std::uint16_t code;
    bool operator==(const Event&) const = default;
};

// What the bytes amount to when they come in pieces of `piece` bytes.
std::vector<Event> read(const std::string& bytes, std::size_t piece) {
    FrameReader reader(message_bytes_max);
    std::vector<Event> events;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        auto part = std::span<const char>(bytes).subspan(at, std::min(piece, bytes.size() - at));
        while (true) {
            const auto incoming = reader.next(part);
            if (incoming.kind == Kind::nothing) break;
            events.push_back({incoming.kind, std::string(incoming.payload), incoming.code});
        }
    }
    return events;
}

// The same however the network cuts it.
std::vector<Event> read(const std::string& bytes) {
    auto whole = read(bytes, bytes.size());
    for (const std::size_t piece : {1U, 2U, 7U}) CHECK(read(bytes, piece) == whole);
    return whole;
}

Event text(std::string payload) { return {Kind::text, std::move(payload), 0}; }
Event failed(std::uint16_t code) { return {Kind::failed, {}, code}; }
using Events = std::vector<Event>;

std::string close_payload(int code, std::string_view reason = {}) {
    std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
    return payload.append(reason);
}

}  // namespace

TEST_CASE("frames 1 texts of every length arrive whole") {
    for (const std::size_t size : {0, 1, 125, 126, 127, 128, 65535, 65536}) {
        CAPTURE(size);
        const std::string payload(size, '*');
        CHECK(read(masked_frame(0x81, payload), 4096) == Events{text(payload)});
    }
    CHECK(read(masked_frame(0x81, "one") + masked_frame(0x81, "two")) == Events{text("one"), text("two")});
}

TEST_CASE("frames 1 binary messages are not taken") {
    CHECK(read(masked_frame(0x82, "x")) == Events{failed(1003)});
}

TEST_CASE("frames 1 lengths must be as short as can be") {
    CHECK(read(std::string("\x81\xFE\x00\x05"
                           "mask"
                           "12345",
                           13)) == Events{failed(1002)});
    CHECK(read(std::string("\x81\xFF\x00\x00\x00\x00\x00\x00\x00\x05"
                           "mask"
                           "12345",
                           19)) == Events{failed(1002)});
    CHECK(read(std::string("\x81\xFF\x80\x00\x00\x00\x00\x00\x00\x05"
                           "mask",
                           14)) == Events{failed(1002)});
}

TEST_CASE("frames 2 pings and pongs") {
    CHECK(read(masked_frame(0x89, "")) == Events{{Kind::ping, "", 0}});
    CHECK(read(masked_frame(0x89, std::string(125, 'p'))) == Events{{Kind::ping, std::string(125, 'p'), 0}});
    CHECK(read(masked_frame(0x89, std::string(126, 'p'))) == Events{failed(1002)});
    CHECK(read(masked_frame(0x8A, "late")) == Events{{Kind::pong, "late", 0}});
}

TEST_CASE("frames 3 reserved bits are refused") {
    for (const int bits : {0x40, 0x20, 0x10, 0x70}) {
        CHECK(read(masked_frame(static_cast<std::uint8_t>(0x81 | bits), "x")) == Events{failed(1002)});
        CHECK(read(masked_frame(static_cast<std::uint8_t>(0x89 | bits), "x")) == Events{failed(1002)});
    }
}

TEST_CASE("frames 4 reserved opcodes are refused") {
    for (const int opcode : {3, 4, 5, 6, 7, 11, 12, 13, 14, 15})
        CHECK(read(masked_frame(static_cast<std::uint8_t>(0x80 | opcode), "x")) == Events{failed(1002)});
}

TEST_CASE("frames 4 an unmasked frame is refused") {
    CHECK(read(std::string("\x81\x01x", 3)) == Events{failed(1002)});
}

TEST_CASE("frames 5 fragments are joined and control frames may stand between them") {
    CHECK(read(masked_frame(0x01, "a") + masked_frame(0x00, "b") + masked_frame(0x80, "c")) ==
          Events{text("abc")});
    CHECK(read(masked_frame(0x01, "a") + masked_frame(0x89, "p") + masked_frame(0x80, "c")) ==
          Events{{Kind::ping, "p", 0}, text("ac")});
    CHECK(read(masked_frame(0x01, "") + masked_frame(0x00, "") + masked_frame(0x80, "")) == Events{text("")});
}

TEST_CASE("frames 5 fragments out of order are refused") {
    CHECK(read(masked_frame(0x80, "x")) == Events{failed(1002)});
    CHECK(read(masked_frame(0x00, "x")) == Events{failed(1002)});
    CHECK(read(masked_frame(0x01, "a") + masked_frame(0x81, "b")) == Events{failed(1002)});
    CHECK(read(masked_frame(0x09, "a")) == Events{failed(1002)});
    CHECK(read(masked_frame(0x08, "")) == Events{failed(1002)});
}

TEST_CASE("frames 6 text is checked across fragments and refused as early as it shows") {
    CHECK(read(masked_frame(0x01, "\xF0\x9F") + masked_frame(0x80, "\x8E\xB8")) ==
          Events{text("\xF0\x9F\x8E\xB8")});
    CHECK(read(masked_frame(0x81, "\xC3")) == Events{failed(1007)});
    CHECK(read(masked_frame(0x01, "ok\xC0")) == Events{failed(1007)});
    CHECK(read(masked_frame(0x81, "\xED\xA0\x80")) == Events{failed(1007)});
    const auto half = masked_frame(0x81, "\xFF" + std::string(1000, 'x')).substr(0, 20);
    CHECK(read(half) == Events{failed(1007)});
}

TEST_CASE("frames 7 closing") {
    CHECK(read(masked_frame(0x88, "")) == Events{{Kind::close, "", 1005}});
    CHECK(read(masked_frame(0x88, close_payload(1000, "bye"))) == Events{{Kind::close, "bye", 1000}});
    CHECK(read(masked_frame(0x88, close_payload(1000)) + masked_frame(0x81, "late")) ==
          Events{{Kind::close, "", 1000}});
    CHECK(read(masked_frame(0x88, "x")) == Events{failed(1002)});
    CHECK(read(masked_frame(0x88, close_payload(1000, "\xFF"))) == Events{failed(1007)});
    for (const int code : {1001, 1002, 1003, 1007, 1011, 1014, 3000, 4999})
        CHECK(read(masked_frame(0x88, close_payload(code))) ==
              Events{{Kind::close, "", static_cast<std::uint16_t>(code)}});
    for (const int code : {0, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65535})
        CHECK(read(masked_frame(0x88, close_payload(code))) == Events{failed(1002)});
}

TEST_CASE("frames 9 a message over the limit is refused before it has arrived") {
    CHECK(read(masked_frame(0x81, std::string(message_bytes_max, 'x')), 4096).at(0).kind == Kind::text);
    CHECK(read(masked_frame(0x81, std::string(message_bytes_max + 1, 'x')).substr(0, 14)) ==
          Events{failed(1009)});
    CHECK(read(masked_frame(0x01, std::string(message_bytes_max, 'x')) + masked_frame(0x80, "x"), 4096) ==
          Events{failed(1009)});
    CHECK(read(std::string("\x81\xFF\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF"
                           "mask",
                           14)) == Events{failed(1009)});
}

TEST_CASE("the server's frames have the shortest length and no mask") {
    CHECK(*text_frame("hi") == "\x81\x02hi");
    CHECK(text_frame(std::string(126, 'x'))->substr(0, 4) == std::string("\x81\x7E\x00\x7E", 4));
    CHECK(text_frame(std::string(65536, 'x'))->substr(0, 10) ==
          std::string("\x81\x7F\0\0\0\0\0\x01\0\0", 10));
    CHECK(*close_frame(1005, "unsaid") == std::string("\x88\0", 2));
    CHECK(*close_frame(4001, "no") == "\x88\x04\x0F\xA1no");
}

TEST_CASE("a close reason is cut at a whole character") {
    const auto frame = close_frame(1000, std::string(122, 'x') + "\xC3\xA9");
    CHECK(frame->size() == 2 + 2 + 122);
    CHECK(close_frame(1000, std::string(200, 'x'))->size() == 2 + 125);
}

TEST_CASE("the handshake key is answered as RFC 6455 has it") {
    CHECK(accept_key("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}
