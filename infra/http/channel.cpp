#include "infra/http/channel.hpp"

#include <sys/socket.h>
#include <cerrno>

namespace dacapo::http {
namespace {

constexpr std::size_t taken_bytes_max = 64 * 1024;  // of clear text at a time: what is unsent stays small

}  // namespace

Channel::Channel(Socket socket, std::unique_ptr<TlsStream> tls)
    : socket_(std::move(socket)), tls_(std::move(tls)) {}

std::size_t Channel::decrypt(boost::asio::mutable_buffer into) {
    const auto count = tls_->read({static_cast<char*>(into.data()), into.size()});
    send_unsent();  // An answer of the handshake. When the kernel takes no more of it, it goes with the next
                    // call.
    return count;
}

// False, with errno, when the kernel takes no more.
bool Channel::send_unsent() {
    while (!tls_->unsent().empty()) {
        const auto bytes = tls_->unsent();
        const ssize_t count =
            ::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return false;
        tls_->sent(static_cast<std::size_t>(count));
    }
    return true;
}

ssize_t Channel::send(std::span<const iovec> parts) {
    if (!tls_) {
        msghdr message{};
        message.msg_iov = const_cast<iovec*>(parts.data());
        message.msg_iovlen = parts.size();
        return ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    if (!send_unsent()) return -1;
    std::size_t taken = 0;
    for (const auto& part : parts) {
        const auto size = std::min(part.iov_len, taken_bytes_max - taken);
        if (!tls_->write({static_cast<const char*>(part.iov_base), size})) {
            errno = EPIPE;
            return -1;
        }
        taken += size;
        if (taken == taken_bytes_max) break;
    }
    if (!send_unsent() && errno != EAGAIN && errno != EWOULDBLOCK) return -1;
    return static_cast<ssize_t>(taken);
}

void Channel::shutdown_receive() {
    boost::system::error_code ignored;
    socket_.shutdown(Socket::shutdown_receive, ignored);
}

void Channel::shutdown_send() {
    if (tls_) {
        tls_->say_goodbye();
        send_unsent();
    }
    boost::system::error_code ignored;
    socket_.shutdown(Socket::shutdown_send, ignored);
}

void Channel::close() {
    boost::system::error_code ignored;
    socket_.close(ignored);
}

}  // namespace dacapo::http
