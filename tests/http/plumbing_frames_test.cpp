// RFC 6455 frame by frame over a real socket, with the cases of the Autobahn test suite by their numbers
// (chapters 1 to 7, 9 and 10): what a client sends, whole and cut to pieces, and what comes back.
#include "infra/http/limits.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/toy_server.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace dacapo;
using namespace dacapo::test;

namespace {

struct Frame {
    int opcode = 0;
    std::string payload;  // of a close, its code
    bool operator==(const Frame&) const = default;
};
Frame text(std::string payload) { return {1, std::move(payload)}; }
Frame pong(std::string payload) { return {10, std::move(payload)}; }
Frame closed(int code) { return {8, std::to_string(code)}; }
using Frames = std::vector<Frame>;

// Rows that do not end with a close are followed by the client's own, which is echoed.
struct Row {
    std::string name;
    std::string bytes;
    Frames answers;
};
using Rows = std::vector<Row>;

enum Opcode : unsigned {
    more = 0x00,
    text_op = 0x01,
    binary = 0x02,
    close_op = 0x08,
    ping = 0x09,
    pong_op = 0x0A,
    fin = 0x80
};

std::string frame(unsigned first_byte, std::string_view payload = {}) {
    return masked_frame(static_cast<std::uint8_t>(first_byte), payload);
}
std::string said(std::string_view payload) { return frame(fin | text_op, payload); }
std::string closing(int code, std::string_view reason = {}) {
    return frame(fin | close_op,
                 std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)}.append(reason));
}
// A text in frames of `size` bytes each.
std::string fragments(std::string_view payload, std::size_t size, const std::string& between = {}) {
    std::string bytes;
    for (std::size_t at = 0; at < payload.size(); at += size) {
        const bool last = at + size >= payload.size();
        if (at > 0) bytes += between;
        bytes += frame((last ? fin : 0U) | (at == 0 ? text_op : more), payload.substr(at, size));
    }
    return bytes;
}

const std::string hello = "Hello-\xC2\xB5@\xC3\x9F\xC3\xB6\xC3\xA4\xC3\xBC\xC3\xA0\xC3\xA1-UTF-8!!";
constexpr std::size_t message_bytes_max = http::Limits{}.message_bytes_max;

void framing(Rows& rows) {
    for (const std::size_t size : {0U, 125U, 126U, 127U, 128U, 65535U, 65536U}) {
        const std::string payload(size, '*');
        rows.push_back({"1.1 text of " + std::to_string(size), said(payload), {text(payload)}});
        rows.push_back(
            {"1.2 binary of " + std::to_string(size), frame(fin | binary, payload), {closed(1003)}});
    }
}

void pings(Rows& rows) {
    const std::string bytes("\x00\xFF\xFE\xFD\xFC\xFB\x00\xFF", 8);
    const std::string longest(125, '\xFE');
    rows.push_back({"2.1 an empty ping", frame(fin | ping), {pong("")}});
    rows.push_back({"2.2 a ping", frame(fin | ping, "Hello"), {pong("Hello")}});
    rows.push_back({"2.3 a ping of bytes", frame(fin | ping, bytes), {pong(bytes)}});
    rows.push_back({"2.4 a ping of 125", frame(fin | ping, longest), {pong(longest)}});
    rows.push_back({"2.5 a ping of 126", frame(fin | ping, longest + "x"), {closed(1002)}});
    rows.push_back({"2.7 a pong nobody asked for", frame(fin | pong_op), {}});
    rows.push_back({"2.8 the same with a payload", frame(fin | pong_op, "unasked"), {}});
    rows.push_back({"2.9 and a ping", frame(fin | pong_op, "unasked") + frame(fin | ping, "p"), {pong("p")}});
    std::string ten;
    for (int i = 0; i < 10; ++i) ten += frame(fin | ping, "payload-" + std::to_string(i));
    rows.push_back({"2.10 ten pings", ten, {pong("payload-9")}});
}

void reserved(Rows& rows) {
    for (unsigned bits = 1; bits <= 7; ++bits)
        for (const unsigned opcode : {text_op, binary, close_op, ping, pong_op}) {
            const auto name =
                "3 reserved bits " + std::to_string(bits) + " with opcode " + std::to_string(opcode);
            rows.push_back({name, frame(fin | bits << 4 | opcode, "xx") + frame(fin | ping), {closed(1002)}});
        }
    for (const unsigned opcode : {3U, 4U, 5U, 6U, 7U, 11U, 12U, 13U, 14U, 15U})
        for (const std::string payload : {"", "x"})
            rows.push_back({"4 opcode " + std::to_string(opcode),
                            frame(fin | opcode, payload) + frame(fin | ping),
                            {closed(1002)}});
    rows.push_back({"an unmasked frame", "\x81\x01x", {closed(1002)}});
}

void fragmentation(Rows& rows) {
    const std::string a = frame(text_op, "a");
    const std::string last = frame(fin | more, "z");
    rows.push_back({"5.1 a ping in pieces", frame(ping, "a") + last, {closed(1002)}});
    rows.push_back({"5.2 a pong in pieces", frame(pong_op, "a") + last, {closed(1002)}});
    rows.push_back({"5.3 two fragments", a + last, {text("az")}});
    rows.push_back({"5.6 a ping between", a + frame(fin | ping, "p") + last, {pong("p"), text("az")}});
    for (const unsigned first : {fin | more, 0U | more}) {
        rows.push_back({"5.9 a continuation of nothing", frame(first, "x") + said("a"), {closed(1002)}});
        rows.push_back(
            {"5.12 a continuation of nothing, and fragments", frame(first, "x") + a + last, {closed(1002)}});
    }
    rows.push_back({"5.18 a text within a text", a + said("b"), {closed(1002)}});
    rows.push_back({"5.19 pings between five fragments",
                    fragments("abcde", 1, frame(fin | ping, "p")),
                    {pong("p"), text("abcde")}});
    rows.push_back(
        {"6.1.2 three empty fragments", frame(text_op) + frame(more) + frame(fin | more), {text("")}});
    rows.push_back(
        {"6.1.3 empty ones around one", frame(text_op) + frame(more, "m") + frame(fin | more), {text("m")}});
}

void utf8(Rows& rows) {
    rows.push_back({"6.2.1 valid", said(hello), {text(hello)}});
    rows.push_back({"6.2.3 a byte a fragment", fragments(hello, 1), {text(hello)}});
    for (const std::string good :
         {"\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5", "\xC2\x80", "\xE0\xA0\x80", "\xF0\x90\x80\x80",
          "\x7F", "\xDF\xBF", "\xEF\xBF\xBF", "\xF4\x8F\xBF\xBF", "\xED\x9F\xBF", "\xEE\x80\x80",
          "\xEF\xBF\xBD", "\xEF\xBF\xBE", "\xF0\x9F\xBF\xBF"}) {
        rows.push_back({"6.6 valid", said(good), {text(good)}});
        rows.push_back({"6.6 valid in pieces", fragments(good, 1), {text(good)}});
    }
    for (const std::string bad : {"\xF8\x88\x80\x80\x80",
                                  "\xFC\x84\x80\x80\x80\x80",
                                  "\xF7\xBF\xBF\xBF",
                                  "\xF4\x90\x80\x80",
                                  "\x80",
                                  "\xBF",
                                  "\x80\xBF",
                                  "\xC0 ",
                                  "\xE0 ",
                                  "\xF0 ",
                                  "\xC3",
                                  "\xE0\x80",
                                  "\xE1\x80",
                                  "\xF0\x80\x80",
                                  "\xF1\x80\x80",
                                  "\xFE",
                                  "\xFF",
                                  "\xC0\xAF",
                                  "\xE0\x80\xAF",
                                  "\xF0\x80\x80\xAF",
                                  "\xC1\xBF",
                                  "\xE0\x9F\xBF",
                                  "\xF0\x8F\xBF\xBF",
                                  "\xC0\x80",
                                  "\xED\xA0\x80",
                                  "\xED\xBF\xBF",
                                  "\xED\xA0\x80\xED\xB0\x80"}) {
        rows.push_back({"6.3 invalid", said("x" + bad), {closed(1007)}});
        rows.push_back({"6.3 invalid in pieces", fragments("x" + bad, 1), {closed(1007)}});
    }
    // As early as it shows: the rest of the message, or of the frame, is never sent.
    rows.push_back({"6.4.1 fail-fast between fragments", frame(text_op, "x\xF4\x90"), {closed(1007)}});
    rows.push_back({"6.4.3 fail-fast within a frame",
                    said("x\xF4\x90" + std::string(100, 'x')).substr(0, 10),
                    {closed(1007)}});
}

void closes(Rows& rows) {
    rows.push_back({"7.1.2 twice", closing(1000) + closing(1001), {closed(1000)}});
    rows.push_back({"7.1.3 before a ping", closing(1000) + frame(fin | ping), {closed(1000)}});
    rows.push_back({"7.1.4 before a text", closing(1000) + said("late"), {closed(1000)}});
    rows.push_back({"7.1.5 within a text",
                    frame(text_op, "a") + closing(1000) + frame(fin | more, "z"),
                    {closed(1000)}});
    rows.push_back({"7.3.1 without a code", frame(fin | close_op), {closed(1005)}});
    rows.push_back({"7.3.2 with half a code", frame(fin | close_op, "x"), {closed(1002)}});
    rows.push_back({"7.3.4 with a reason", closing(1000, "Hello"), {closed(1000)}});
    rows.push_back({"7.3.5 with the longest reason", closing(1000, std::string(123, '*')), {closed(1000)}});
    rows.push_back({"7.3.6 with a longer reason", closing(1000, std::string(124, '*')), {closed(1002)}});
    rows.push_back({"7.5.1 with a reason that is no text", closing(1000, "x\xED\xA0\x80"), {closed(1007)}});
    rows.push_back({"a close in pieces", frame(close_op, "\x03\xE8"), {closed(1002)}});
    for (const int code :
         {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999})
        rows.push_back({"7.7 code " + std::to_string(code), closing(code), {closed(code)}});
    for (const int code : {0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535})
        rows.push_back({"7.9 code " + std::to_string(code), closing(code), {closed(1002)}});
}

void sizes(Rows& rows) {
    const std::string longest(message_bytes_max, '*');
    rows.push_back({"9.1 one byte more than the limit", said(longest + "x").substr(0, 14), {closed(1009)}});
    rows.push_back({"9.1 the largest length there is",
                    std::string("\x81\xFF\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFFmask", 14),
                    {closed(1009)}});
    rows.push_back({"9.1 a length that is longer than it needs",
                    std::string("\x81\xFE\x00\x05mask12345", 13),
                    {closed(1002)}});
    for (const std::size_t size : {64U, 256U, 1024U, 4096U, 16384U, 32768U})
        rows.push_back({"9.3 the longest in frames of " + std::to_string(size),
                        fragments(longest, size),
                        {text(longest)}});
    rows.push_back(
        {"9.3 one byte more in fragments", frame(text_op, longest) + frame(fin | more, "x"), {closed(1009)}});
    rows.push_back({"10.1.1 frames of 1300", fragments(longest, 1300), {text(longest)}});
    std::string hundred;
    Frames echoes;
    for (int i = 0; i < 100; ++i) {
        echoes.push_back(text("message " + std::to_string(i)));
        hundred += said(echoes.back().payload);
    }
    rows.push_back({"9.7 a hundred small ones", hundred, echoes});
}

// Of pings that are not answered yet only the newest needs a pong (RFC 6455 5.5.3): so counts each run of
// pongs.
void add(Frames& frames, Frame frame) {
    if (frame.opcode == pong_op && !frames.empty() && frames.back().opcode == pong_op) frames.pop_back();
    frames.push_back(std::move(frame));
}

// What is queued when a close is due may be dropped, so each row begins when all before it has been answered.
Frames answers_to(ToyServer& server, const Row& row, std::size_t piece_bytes) {
    SocketClient client(server.port(), "/ws");
    client.send_text("before");
    CHECK(client.receive_text() == "before");
    bool open = true;
    for (std::size_t at = 0; open && at < row.bytes.size(); at += piece_bytes)
        open = client.wire().try_send(std::string_view(row.bytes).substr(at, piece_bytes));
    const bool closes = !row.answers.empty() && row.answers.back().opcode == close_op;
    Frames frames;
    while (frames != row.answers && (frames.empty() || frames.back().opcode != close_op)) {
        const auto message = client.receive();
        add(frames,
            message.opcode == close_op ? closed(message.close_code) : Frame{message.opcode, message.payload});
    }
    client.wire().try_send(
        closing(1000));  // Of the client that has nothing more to say, or its answer to a close.
    auto end = client.receive().close_code;
    if (!closes && end == 1000) end = client.receive().close_code;
    CHECK(end == 1006);
    return frames;
}

}  // namespace

TEST_CASE("every frame case is answered as RFC 6455 has it, whole and in pieces") {
    Rows rows;
    for (const auto chapter : {framing, pings, reserved, fragmentation, utf8, closes, sizes}) chapter(rows);
    ToyServer server;
    for (const auto& row : rows)
        for (const std::size_t piece_bytes :
             {std::size_t{1} << 20, row.bytes.size() < 200 ? std::size_t{1} : std::size_t{997}}) {
            CAPTURE(row.name);
            CAPTURE(piece_bytes);
            CHECK(answers_to(server, row, piece_bytes) == row.answers);
        }
    CHECK(server.internal_errors().empty());
}
