#include "infra/http/listener.hpp"

#include "infra/http/io_thread.hpp"
#include "infra/http/problem.hpp"
#include "infra/http/response_writer.hpp"
#include "infra/http/session.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <thread>

namespace dacapo::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Acceptor = asio::basic_socket_acceptor<tcp, IoThread::Executor>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, IoThread::Executor>;
using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;
using UnsentMax = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_NOTSENT_LOWAT>;

constexpr int backlog = 4096;
constexpr std::chrono::milliseconds accept_pause{100};  // out of descriptors: give connections time to end

// To a connection for which there is no room.
std::string full_answer(IoThread& io) {
    Request request;
    request.request_id = io.make_request_id();
    Problem problem(503, "overloaded",
                    "There are as many connections as there may be, in all or of this address.");
    problem.headers.emplace_back("Retry-After", "1");
    ResponseFacts facts;
    facts.date = io.date;
    facts.request_id = request.request_id;
    facts.keep_alive = false;
    std::string bytes;
    write_response(to_response(problem, request), facts, bytes);
    return bytes;
}

tcp::endpoint endpoint_of(const ListenerOptions& options) {
    boost::system::error_code error;
    const auto address =
        asio::ip::make_address(options.host == "localhost" ? "127.0.0.1" : options.host, error);
    if (error) throw std::invalid_argument("HOST is no IP address: " + options.host);
    return {address, options.port};
}

std::string name_of(const tcp::endpoint& endpoint) {
    const auto address = endpoint.address().to_string();
    return (endpoint.address().is_v6() ? "[" + address + "]" : address) + ":" +
           std::to_string(endpoint.port());
}

[[noreturn]] void throw_bind_error(const tcp::endpoint& endpoint, const boost::system::error_code& error) {
    if (error == asio::error::address_in_use) throw PortTaken("already in use: " + name_of(endpoint));
    throw std::runtime_error("cannot listen on " + name_of(endpoint) + ": " + error.message());
}

void open_and_bind(Acceptor& acceptor, const tcp::endpoint& endpoint, bool reuse_port) {
    boost::system::error_code error;
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error && reuse_port) acceptor.set_option(ReusePort(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (error) throw_bind_error(endpoint, error);
}

}  // namespace

// A thread, its acceptor and its clock.
struct Worker {
    Worker(Shared& shared, std::size_t index)
        : io(shared, index),
          acceptor(io.context),
          pause(io.context),
          clock(io.context),
          work(io.context.get_executor()) {}

    void accept() {
        acceptor.async_accept(io.context, [this](boost::system::error_code error, Socket socket) {
            if (error == asio::error::operation_aborted || !acceptor.is_open()) return;
            if (!error) {
                welcome(std::move(socket));
                return accept();
            }
            // Only what stays wrong comes here: a connection that its client has given up is passed over.
            io.shared.accept_failed(error.message());
            pause.expires_after(accept_pause);
            pause.async_wait([this](boost::system::error_code aborted) {
                if (!aborted && acceptor.is_open()) accept();
            });
        });
    }

    void welcome(Socket socket) {
        boost::system::error_code error;
        const auto remote = socket.remote_endpoint(error);
        if (error) return;
        auto slot = ConnectionSlot::take(io.shared, remote.address().to_string());
        if (!slot) {
            io.shared.refused_count.fetch_add(1, std::memory_order_relaxed);
            if (io.shared.tls) return;
            const auto answer = full_answer(io);
            ::send(socket.native_handle(), answer.data(), answer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
            return;
        }
        socket.set_option(tcp::no_delay(true), error);
        socket.set_option(UnsentMax(io.shared.limits.unsent_bytes_max), error);
        auto tls = io.shared.tls ? io.shared.tls->accept() : nullptr;
        serve_connection(io, Channel(std::move(socket), std::move(tls)), std::move(*slot));
    }

    void tick() {
        clock.expires_after(std::chrono::seconds(1));
        clock.async_wait([this](boost::system::error_code aborted) {
            if (aborted) return;
            tick();
            io.turn();
        });
    }

    // What leaves a handler must not take the thread, and every connection on it, along.
    void run() {
        while (true) {
            try {
                io.context.run();
                return;
            } catch (const std::exception& error) {
                io.shared.report({}, error.what());
            } catch (...) {
                io.shared.report({}, "an exception of unknown type");
            }
        }
    }

    IoThread io;
    Acceptor acceptor;
    Timer pause;
    Timer clock;
    asio::executor_work_guard<IoThread::Executor> work;
    std::thread thread;
};

struct Listener::Impl {
    Impl(ListenerOptions options, Router router, Hooks hooks)
        : shared(std::move(options), std::move(router), std::move(hooks)) {}

    void bind() {
        auto endpoint = endpoint_of(shared.options);
        if (endpoint.port() != 0) {
            // With SO_REUSEPORT alone two servers would silently share the port's connections.
            Acceptor probe(workers.front()->io.context);
            open_and_bind(probe, endpoint, false);
        }
        for (auto& worker : workers) {
            open_and_bind(worker->acceptor, endpoint, true);
            endpoint.port(worker->acceptor.local_endpoint().port());
        }
        port = endpoint.port();
        for (auto& worker : workers) {
            boost::system::error_code error;
            worker->acceptor.listen(backlog, error);
            if (error) throw_bind_error(endpoint, error);
        }
    }

    Shared shared;
    std::vector<std::unique_ptr<Worker>> workers;
    std::uint16_t port = 0;
    bool started = false;
    bool stopped = false;
};

Listener::Listener(ListenerOptions options, Router router, Hooks hooks)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(router), std::move(hooks))) {
    std::size_t count = impl_->shared.options.thread_count;
    if (count == 0) count = std::max(1U, std::thread::hardware_concurrency());
    for (std::size_t index = 0; index < count; ++index)
        impl_->workers.push_back(std::make_unique<Worker>(impl_->shared, index));
    impl_->bind();
}

Listener::~Listener() { stop(); }

void Listener::reload_tls() {
    if (impl_->shared.tls) impl_->shared.tls->reload();
}

std::uint16_t Listener::port() const { return impl_->port; }

void Listener::start() {
    if (std::exchange(impl_->started, true)) return;
    for (auto& worker : impl_->workers) {
        worker->accept();
        worker->tick();
        worker->thread = std::thread([&worker = *worker] { worker.run(); });
    }
}

void Listener::stop() {
    if (std::exchange(impl_->stopped, true)) return;
    for (auto& worker : impl_->workers) {
        asio::post(worker->io.context, [&worker = *worker] {
            boost::system::error_code ignored;
            worker.acceptor.close(ignored);
            worker.pause.cancel();
            worker.io.stop_connections();
        });
    }
    if (impl_->started) {
        std::unique_lock lock(impl_->shared.mutex);
        impl_->shared.all_closed.wait_for(lock, std::chrono::seconds(impl_->shared.limits.stop_s),
                                          [this] { return impl_->shared.connection_count == 0; });
    }
    for (auto& worker : impl_->workers) {
        worker->work.reset();
        worker->io.context.stop();
    }
    for (auto& worker : impl_->workers)
        if (worker->thread.joinable()) worker->thread.join();
}

std::size_t Listener::thread_count() const { return impl_->workers.size(); }

Listener::Executor Listener::executor_of(std::size_t thread) const {
    return impl_->workers.at(thread)->io.context.get_executor();
}

ListenerCounts Listener::counts() const {
    ListenerCounts counts;
    counts.sockets = impl_->shared.socket_count.load(std::memory_order_relaxed);
    counts.connections_refused = impl_->shared.refused_count.load(std::memory_order_relaxed);
    counts.sockets_refused = impl_->shared.sockets_refused_count.load(std::memory_order_relaxed);
    counts.accept_failures = impl_->shared.accept_failure_count.load(std::memory_order_relaxed);
    counts.connections_max = impl_->shared.limits.connection_count_max;
    const std::lock_guard lock(impl_->shared.mutex);
    counts.connections = impl_->shared.connection_count;
    return counts;
}

const Router& Listener::router() const { return impl_->shared.router; }

}  // namespace dacapo::http
