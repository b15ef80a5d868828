#include "tests/support/http_client.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace dacapo::test {
namespace {

using Clock = std::chrono::steady_clock;

bool same_name(std::string_view one, std::string_view other) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return std::ranges::equal(one, other, {}, lower, lower);
}

HttpAnswer parse_head(std::string_view head) {
    HttpAnswer answer;
    if (!head.starts_with("HTTP/1.1 ") || head.size() < 12)
        throw std::runtime_error("no HTTP answer: " + std::string(head));
    answer.status = std::stoi(std::string(head.substr(9, 3)));
    auto at = head.find("\r\n");
    while (at != std::string_view::npos && at + 2 < head.size()) {
        at += 2;
        const auto end = std::min(head.find("\r\n", at), head.size());
        const auto line = head.substr(at, end - at);
        const auto colon = line.find(':');
        if (colon != std::string_view::npos) {
            auto value = line.substr(colon + 1);
            while (value.starts_with(' ')) value.remove_prefix(1);
            answer.headers.emplace_back(line.substr(0, colon), value);
        }
        at = end;
    }
    return answer;
}

HttpAnswer take_answer(Wire& wire, bool to_head) {
    while (true) {
        auto end = wire.buffer().find("\r\n\r\n");
        while (end == std::string::npos) {
            if (!wire.receive_more()) throw std::runtime_error("the server closed without an answer");
            end = wire.buffer().find("\r\n\r\n");
        }
        HttpAnswer answer = parse_head(std::string_view(wire.buffer()).substr(0, end));
        wire.buffer().erase(0, end + 4);
        if (answer.status == 100) continue;
        const bool no_body = to_head || answer.status == 101 || answer.status == 204 || answer.status == 304;
        if (no_body) return answer;
        const auto length = answer.header("Content-Length");
        if (length.empty()) {
            answer.body = wire.receive_all();
            return answer;
        }
        const auto size = std::stoul(length);
        while (wire.buffer().size() < size)
            if (!wire.receive_more()) throw std::runtime_error("the body was cut short");
        answer.body = wire.buffer().substr(0, size);
        wire.buffer().erase(0, size);
        return answer;
    }
}

HttpAnswer read_answer_from(Wire& wire, bool to_head) {
    auto answer = take_answer(wire, to_head);
    wire.show(answer);
    return answer;
}

}  // namespace

std::string HttpAnswer::header(std::string_view name) const {
    for (const auto& [key, value] : headers)
        if (same_name(key, name)) return value;
    return {};
}

bool HttpAnswer::has_header(std::string_view name) const {
    return std::ranges::any_of(headers, [&](const auto& header) { return same_name(header.first, name); });
}

Wire& HttpClient::wire() {
    if (!wire_ || !wire_->is_open()) wire_.emplace(port_, tls_);
    return *wire_;
}

HttpAnswer HttpClient::read_answer(bool to_head) {
    HttpAnswer answer = read_answer_from(wire(), to_head);
    if (answer.header("Connection") == "close") wire_.reset();
    return answer;
}

HttpAnswer HttpClient::request(std::string_view method, std::string_view target, const Headers& headers,
                               std::string_view body) {
    std::string bytes = std::string(method) + " " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n";
    bool typed = false;
    for (const Headers* list : {static_cast<const Headers*>(&default_headers), &headers}) {
        for (const auto& [name, value] : *list) {
            bytes += name + ": " + value + "\r\n";
            typed = typed || same_name(name, "Content-Type");
        }
    }
    if (!body.empty() && !typed) bytes += "Content-Type: application/json\r\n";
    if (!body.empty() || method == "POST" || method == "PUT" || method == "PATCH")
        bytes += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    bytes += "\r\n";
    bytes += body;
    // A kept connection may have been closed meanwhile (idle time, a stop): one new one is tried, if nothing
    // came back.
    const bool fresh = !wire_ || !wire_->is_open();
    if (wire().try_send(bytes)) {
        try {
            return read_answer(method == "HEAD");
        } catch (const std::runtime_error&) {
            if (fresh || !wire_->buffer().empty() || !wire_->closes_within(std::chrono::milliseconds(0)))
                throw;
        }
    }
    wire_.reset();
    wire().send(bytes);
    return read_answer(method == "HEAD");
}

HttpAnswer send_raw(std::uint16_t port, std::string_view bytes) {
    HttpClient client(port);
    client.wire().try_send(bytes);
    return client.read_answer();
}

std::string masked_frame(std::uint8_t first_byte, std::string_view payload) {
    constexpr std::array<unsigned char, 4> mask{0x12, 0x34, 0x56, 0x78};
    std::string frame(1, static_cast<char>(first_byte));
    int length_bytes = 0;
    if (payload.size() < 126)
        frame += static_cast<char>(0x80 | payload.size());
    else if (payload.size() <= 0xFFFF)
        frame += static_cast<char>(0xFE), length_bytes = 2;
    else
        frame += static_cast<char>(0xFF), length_bytes = 8;
    for (int at = length_bytes - 1; at >= 0; --at)
        frame += static_cast<char>((static_cast<std::uint64_t>(payload.size()) >> (8 * at)) & 0xFF);
    for (const unsigned char byte : mask) frame += static_cast<char>(byte);
    for (std::size_t at = 0; at < payload.size(); ++at)
        frame += static_cast<char>(static_cast<unsigned char>(payload[at]) ^ mask[at % 4]);
    return frame;
}

SocketClient::SocketClient(std::uint16_t port, std::string_view target, const Headers& headers,
                           const std::optional<TlsOptions>& tls)
    : wire_(port, tls) {
    std::string bytes =
        "GET " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n";
    bytes +=
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    for (const auto& [name, value] : headers) bytes += name + ": " + value + "\r\n";
    wire_.send(bytes + "\r\n");
    handshake_ = read_answer_from(wire_, false);
}

void SocketClient::send_frame(std::uint8_t first_byte, std::string_view payload) {
    wire_.send(masked_frame(first_byte, payload));
}
void SocketClient::send_text(std::string_view text) { send_frame(0x81, text); }
void SocketClient::send_close(std::uint16_t code, std::string_view reason) {
    std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
    send_frame(0x88, payload.append(reason));
}

std::optional<SocketMessage> SocketClient::take_frame() {
    const std::string& bytes = wire_.buffer();
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
    if (bytes.size() < 2) return std::nullopt;
    if ((byte(0) & 0x80) == 0 || (byte(1) & 0x80) != 0)
        throw std::runtime_error("a fragmented or masked server frame");
    std::size_t size = byte(1);
    const std::size_t extended = size == 126 ? 2 : size == 127 ? 8 : 0;
    if (bytes.size() < 2 + extended) return std::nullopt;
    if (extended > 0) size = 0;
    for (std::size_t at = 0; at < extended; ++at) size = size << 8 | byte(2 + at);
    if (bytes.size() < 2 + extended + size) return std::nullopt;
    SocketMessage message;
    message.opcode = byte(0) & 0x0F;
    message.payload = bytes.substr(2 + extended, size);
    wire_.buffer().erase(0, 2 + extended + size);
    if (message.opcode != 8) return message;
    message.close_code = 1005;
    if (message.payload.size() < 2) return message;
    const auto high = static_cast<unsigned char>(message.payload[0]);
    const auto low = static_cast<unsigned char>(message.payload[1]);
    message.close_code = static_cast<std::uint16_t>(high << 8 | low);
    message.payload.erase(0, 2);
    return message;
}

SocketMessage SocketClient::receive(std::chrono::milliseconds wait, bool show_pings) {
    const auto deadline = Clock::now() + wait;
    while (true) {
        if (auto message = take_frame()) {
            if (message->opcode == 9) wire_.try_send(masked_frame(0x8A, message->payload));
            if (message->opcode == 9 && !show_pings) continue;
            return std::move(*message);
        }
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
        if (!wire_.receive_more(left)) return {8, {}, 1006};
    }
}

std::string SocketClient::receive_text(std::chrono::milliseconds wait) {
    auto message = receive(wait);
    if (message.opcode != 1)
        throw std::runtime_error("no text but opcode " + std::to_string(message.opcode) + ", close code " +
                                 std::to_string(message.close_code));
    return std::move(message.payload);
}

bool SocketClient::is_quiet_for(std::chrono::milliseconds wait) {
    if (!wire_.buffer().empty()) return false;
    try {
        wire_.receive_more(wait);
        return false;
    } catch (const std::runtime_error&) {
        return true;
    }
}

}  // namespace dacapo::test
