// The bytes of one connection, in clear or through TLS: reading that waits, writing that does not.
// Private to this folder; what lies above need not know which of the two it is.
#pragma once

#include "infra/http/tls.hpp"

#include <sys/uio.h>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <span>
#include <vector>

namespace dacapo::http {

// Concrete executor: the polymorphic one costs an allocation and several virtual calls per operation.
using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

class Channel {
public:
    // Without `tls` in clear.
    Channel(Socket socket, std::unique_ptr<TlsStream> tls);

    bool is_tls() const { return tls_ != nullptr; }
    bool is_handshaking() const { return tls_ && tls_->is_handshaking(); }
    bool is_open() const { return socket_.is_open(); }

    // handler(error_code, count). The channel must outlive the call.
    template <class Handler>
    void async_read_some(boost::asio::mutable_buffer into, Handler handler) {
        if (!tls_) return socket_.async_read_some(into, std::move(handler));
        const auto count = decrypt(into);
        if (count == 0 && !tls_->is_over()) return read_ciphertext(into, std::move(handler));
        // A handler is never called from within the call that it was given to.
        auto resume = [handler = std::move(handler), count]() mutable {
            std::move(handler)(end_of(count), count);
        };
        boost::asio::post(socket_.get_executor(), std::move(resume));
    }

    template <class Handler>  // handler(error_code)
    void async_wait_writable(Handler handler) {
        socket_.async_wait(Socket::wait_write, std::move(handler));
    }

    // Like sendmsg() without waiting: how many bytes were taken, or -1 and errno. Through TLS what was taken
    // may still be unsent; nothing more is taken before it has left. Without parts: sends only what is
    // unsent.
    ssize_t send(std::span<const iovec> parts);
    bool has_unsent() const { return tls_ && !tls_->unsent().empty(); }

    void shutdown_receive();
    void shutdown_send();
    void close();

private:
    std::size_t decrypt(boost::asio::mutable_buffer into);
    bool send_unsent();
    static boost::system::error_code end_of(std::size_t count) {
        return count > 0 ? boost::system::error_code() : boost::asio::error::eof;
    }

    template <class Handler>
    void read_ciphertext(boost::asio::mutable_buffer into, Handler handler) {
        ciphertext_.resize(ciphertext_bytes);
        auto resume = [this, into, handler = std::move(handler)](boost::system::error_code error,
                                                                 std::size_t size) mutable {
            if (error) return std::move(handler)(error, 0);
            tls_->take({ciphertext_.data(), size});
            const auto count = decrypt(into);
            if (count == 0 && !tls_->is_over()) return read_ciphertext(into, std::move(handler));
            std::move(handler)(end_of(count), count);
        };
        socket_.async_read_some(boost::asio::buffer(ciphertext_), std::move(resume));
    }

    static constexpr std::size_t ciphertext_bytes = 4096;

    Socket socket_;
    std::unique_ptr<TlsStream> tls_;
    std::vector<char> ciphertext_;
};

}  // namespace dacapo::http
