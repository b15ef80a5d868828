#include "tests/campaign/listener.hpp"

#include "tests/support/http_client.hpp"

#include <optional>

namespace dacapo::test {
namespace {

constexpr std::chrono::milliseconds frame_wait{200};
constexpr std::chrono::milliseconds reconnect_pause{100};

// Nothing when no frame came within the time.
std::optional<SocketMessage> next_frame(SocketClient& socket) {
    try {
        return socket.receive(frame_wait);
    } catch (const std::runtime_error&) {
        return std::nullopt;
    }
}

bool is_text(const SocketMessage& message) { return message.opcode == 1; }

}  // namespace

Listener::Listener(std::uint16_t port, UserId user, std::string token)
    : port_(port),
      user_(user),
      token_(std::move(token)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

void Listener::run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        try {
            listen(stop);
        } catch (const std::runtime_error&) {
            // No proxy, no server behind it, or one that has just gone: again.
        }
        std::this_thread::sleep_for(reconnect_pause);
    }
}

void Listener::listen(const std::stop_token& stop) {
    auto target = "/ws?token=" + token_;
    if (const auto newest = memory_.newest(); !newest.empty()) target += "&since=" + newest;
    SocketClient socket(port_, target);
    if (!socket.is_open()) return;
    while (!stop.stop_requested()) {
        const auto frame = next_frame(socket);
        if (!frame) continue;
        if (!is_text(*frame)) return;
        memory_.take(frame->payload);
    }
}

}  // namespace dacapo::test
