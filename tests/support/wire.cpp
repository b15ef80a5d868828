#include "tests/support/wire.hpp"

#include "tests/support/answer_watch.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <utility>

namespace dacapo::test {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t read_bytes = 64 * 1024;

}  // namespace

Wire::Wire(std::uint16_t port, const std::optional<TlsOptions>& tls)
    : port_(port), descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (descriptor_ < 0 ||
        ::connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        close();
        throw std::runtime_error("cannot connect to port " + std::to_string(port));
    }
    const int on = 1;
    ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    timeval limit{10, 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (!tls) return;
    ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    try {
        tls_ = std::make_unique<TlsEnd>(descriptor_, *tls);
    } catch (...) {
        close();
        throw;
    }
}

Wire::~Wire() { close(); }
Wire::Wire(Wire&& other) noexcept
    : port_(other.port_),
      asked_(std::move(other.asked_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      tls_(std::move(other.tls_)),
      buffer_(std::move(other.buffer_)) {}
Wire& Wire::operator=(Wire&& other) noexcept {
    close();
    port_ = other.port_;
    asked_ = std::move(other.asked_);
    descriptor_ = std::exchange(other.descriptor_, -1);
    tls_ = std::move(other.tls_);
    buffer_ = std::move(other.buffer_);
    return *this;
}

void Wire::close() {
    tls_.reset();
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
}

void Wire::note_request(std::string_view bytes) {
    const auto line = bytes.substr(0, bytes.find_first_of("\r\n"));
    const auto first = line.find(' ');
    const auto last = line.rfind(' ');
    if (first == 0 || first == last || !line.substr(last + 1).starts_with("HTTP/")) return;
    asked_.push_back(
        {std::string(line.substr(0, first)), std::string(line.substr(first + 1, last - first - 1)), false});
}

void Wire::show(const HttpAnswer& answer) {
    if (asked_.size() > 1 && asked_.front().answered) asked_.pop_front();
    if (asked_.empty()) return AnswerWatch::show(port_, {}, {}, answer);
    asked_.front().answered = true;
    AnswerWatch::show(port_, asked_.front().method, asked_.front().target, answer);
}

bool Wire::try_send(std::string_view bytes) {
    note_request(bytes);
    if (tls_) return tls_->send(bytes);
    while (!bytes.empty()) {
        const auto count = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

void Wire::send(std::string_view bytes) {
    if (!try_send(bytes)) throw std::runtime_error("cannot send: the connection is gone");
}

void Wire::finish_sending() { ::shutdown(descriptor_, SHUT_WR); }

bool Wire::receive_more(std::chrono::milliseconds wait) {
    const auto deadline = Clock::now() + wait;
    pollfd watched{descriptor_, POLLIN, 0};
    while (true) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
        const int ready =
            tls_ && tls_->has_pending()
                ? 1
                : ::poll(&watched, 1, static_cast<int>(std::max<std::int64_t>(0, left.count())));
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0) throw std::runtime_error("nothing was received in time");
        std::array<char, read_bytes> bytes;
        const auto count = tls_ ? static_cast<ssize_t>(tls_->receive(bytes))
                                : ::recv(descriptor_, bytes.data(), bytes.size(), 0);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        buffer_.append(bytes.data(), static_cast<std::size_t>(count));
        return true;
    }
}

std::string Wire::receive_all(std::chrono::milliseconds wait) {
    while (receive_more(wait)) {
    }
    return std::exchange(buffer_, {});
}

bool Wire::closes_within(std::chrono::milliseconds wait) {
    const auto deadline = Clock::now() + wait;
    try {
        while (receive_more(std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()))) {
        }
        return true;
    } catch (const std::runtime_error&) {
        return false;
    }
}

}  // namespace dacapo::test
