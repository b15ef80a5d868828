// What the connections of one thread share, and what all threads share: the insides of the Listener.
// Private to this folder; everything of an IoThread is touched by its own thread only, unless said otherwise.
#pragma once

#include "infra/http/channel.hpp"
#include "infra/http/listener.hpp"
#include "infra/http/origin.hpp"
#include "infra/http/wheel.hpp"

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/intrusive/list.hpp>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <unordered_map>

namespace dacapo::http {

// Shared by all threads.
struct Shared {
    Shared(ListenerOptions options_, Router router_, Hooks hooks_)
        : options(std::move(options_)),
          limits(options.limits),
          router(std::move(router_)),
          hooks(std::move(hooks_)),
          origins(options.origins_allowed, options.local_origins_allowed) {
        if (!options.tls.certificate.empty()) tls.emplace(options.tls);
    }

    const ListenerOptions options;
    const Limits& limits;
    const Router router;
    const Hooks hooks;
    const OriginPolicy origins;
    std::optional<TlsContext> tls;  // none: plain HTTP

    std::atomic<std::size_t> socket_count = 0;
    std::atomic<std::uint64_t> refused_count = 0;
    std::atomic<std::uint64_t> sockets_refused_count = 0;
    std::atomic<std::uint64_t> accept_failure_count = 0;

    std::mutex mutex;  // of what follows; taken when a connection opens or closes
    std::condition_variable all_closed;
    std::size_t connection_count = 0;
    std::unordered_map<std::string, std::size_t> count_by_address;
    std::unordered_map<std::string, std::size_t> sockets_by_client;

    void report(std::string_view request_id, std::string_view what) const {
        if (hooks.on_internal_error) hooks.on_internal_error(request_id, what);
    }
    void accept_failed(std::string_view why);

private:
    std::atomic<std::int64_t> accept_failure_told_s_ = 0;  // of the steady clock; 0: never
};

// The right to be a connection, counted in all and per address; given back when destroyed.
class ConnectionSlot {
public:
    static std::optional<ConnectionSlot> take(Shared& shared, const std::string& address);
    ConnectionSlot(ConnectionSlot&& other) noexcept
        : shared_(std::exchange(other.shared_, nullptr)),
          address_(std::move(other.address_)),
          counted_(std::move(other.counted_)),
          client_(std::move(other.client_)) {}
    ConnectionSlot& operator=(ConnectionSlot&&) = delete;
    ~ConnectionSlot();
    const std::string& address() const { return address_; }
    // The connection becomes a WebSocket of this client. False when that client has as many as it may have.
    bool take_socket(std::string client);

private:
    ConnectionSlot(Shared& shared, std::string address, std::string counted)
        : shared_(&shared), address_(std::move(address)), counted_(std::move(counted)) {}
    Shared* shared_;
    std::string address_;
    std::string counted_;  // the address or IPv6 /64 whose connections are counted; empty for a trusted proxy
    std::string client_;   // of a WebSocket
};

// A connection of either protocol, as its thread knows it.
class Connection
    : public Timed,
      public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
    virtual void on_stop() = 0;  // the server is stopping: end when nothing is under way
};

class IoThread {
public:
    using Executor = boost::asio::io_context::executor_type;

    IoThread(Shared& shared_, std::size_t index_);

    Shared& shared;
    const std::size_t index;
    boost::asio::io_context context{1};
    Wheel wheel;
    std::string date;  // renewed by the wheel's turn
    bool stopping = false;

    void add(Connection& connection) { connections_.push_back(connection); }
    void stop_connections();
    void turn();  // once a second

    std::string make_request_id();

    // Runs `work` once the handlers that are ready now have run; used to gather writes.
    template <class Work>
    void later(Work work) {
        boost::asio::post(context, std::move(work));
    }

private:
    boost::intrusive::list<Connection,
                           boost::intrusive::base_hook<boost::intrusive::list_base_hook<
                               boost::intrusive::link_mode<boost::intrusive::auto_unlink>>>,
                           boost::intrusive::constant_time_size<false>>
        connections_;
    std::uint64_t id_base_;
    std::uint64_t id_count_ = 0;
};

}  // namespace dacapo::http
