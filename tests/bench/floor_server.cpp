// A bare Beast server that gives every request the same 215 bytes of JSON: the floor next to which the
// figures of the program stand. One io_context, thread and acceptor per core, as the program has; no routes,
// no limits.
#include <sys/socket.h>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;
using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;
using Error = boost::system::error_code;

constexpr std::size_t body_bytes = 215;

std::string make_answer() {
    std::string body = R"({"id":102173,"content":")";
    body.append(body_bytes - body.size() - 2, 'x').append("\"}");
    return "HTTP/1.1 200 OK\r\nServer: floor\r\nContent-Type: application/json\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
}

const std::string answer = make_answer();

class Session : public std::enable_shared_from_this<Session> {
public:
    explicit Session(Socket socket) : socket_(std::move(socket)) {}

    void read() {
        parser_.emplace();
        http::async_read(socket_, buffer_, *parser_, [self = shared_from_this()](Error error, std::size_t) {
            if (!error) self->write();
        });
    }

private:
    void write() {
        asio::async_write(socket_, asio::buffer(answer),
                          [self = shared_from_this()](Error error, std::size_t) {
                              if (!error) self->read();
                          });
    }

    Socket socket_;
    boost::beast::flat_buffer buffer_;
    std::optional<http::request_parser<http::string_body>> parser_;
};

void accept(Acceptor& acceptor) {
    acceptor.async_accept([&acceptor](Error error, Socket socket) {
        if (error) return;
        socket.set_option(asio::ip::tcp::no_delay(true), error);
        std::make_shared<Session>(std::move(socket))->read();
        accept(acceptor);
    });
}

void run(unsigned short port) {
    asio::io_context context(1);
    const asio::ip::tcp::endpoint endpoint(asio::ip::address_v4::loopback(), port);
    Acceptor acceptor(context.get_executor());
    acceptor.open(endpoint.protocol());
    acceptor.set_option(ReusePort(true));
    acceptor.bind(endpoint);
    acceptor.listen();
    accept(acceptor);
    context.run();
}

}  // namespace

// Runs until it is killed.
int main(int argument_count, char** arguments) {
    const int port = argument_count > 1 ? std::atoi(arguments[1]) : 0;
    if (port < 1 || port > 65'535) {
        std::fputs("usage: floor_server PORT\n", stderr);
        return 2;
    }
    std::signal(SIGPIPE, SIG_IGN);
    std::vector<std::jthread> threads;
    const auto count = std::max(1U, std::thread::hardware_concurrency());
    for (unsigned i = 0; i < count; ++i) threads.emplace_back(run, static_cast<unsigned short>(port));
    return 0;
}
