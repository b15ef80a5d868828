// The server: one thread, io_context and acceptor per core, HTTP/1.1 and WebSocket connections on them.
// The only way in from outside; what it serves comes as a Router and hooks, so it knows nothing of what is
// served.
#pragma once

#include "infra/client_address.hpp"
#include "infra/http/limits.hpp"
#include "infra/http/message.hpp"
#include "infra/http/rate_limit.hpp"
#include "infra/http/router.hpp"
#include "infra/http/tls.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace dacapo::http {

// The program ends with exit code 2 and this text, which names host and port.
struct PortTaken : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Checks a bearer token. Throws Problem (401) when it does not hold.
using Authenticate = std::function<boost::asio::awaitable<Principal>(std::string token)>;
// Tried first: answers at once or says "not known here". Any thread of the listener.
using AuthenticateNow = std::function<std::optional<Principal>(std::string_view token)>;

// One answered request, for the access log and the metrics. Valid during the call.
struct Exchange {
    Method method = Method::get;
    std::string_view
        pattern;  // as registered; empty when no route was found. Never the path: it may hold a token.
    int status = 0;
    std::string_view problem_code;        // of a problem that was made here; empty of all other answers
    std::chrono::nanoseconds duration{};  // from the whole head read to the answer made
    std::size_t request_bytes = 0;        // of the body
    std::size_t response_bytes = 0;       // of the body
    std::string_view request_id;
    std::string_view remote_address;
    std::string_view user_agent;
    const Principal* principal = nullptr;
    const SecurityNote* security = nullptr;  // what the handler left for the security log
};

// All are called on the listener's threads, so they must not block.
struct Hooks {
    Authenticate authenticate;         // needed when a route's access is not open
    AuthenticateNow authenticate_now;  // may be empty
    // Asked first, where it is set: throws Problem for what servers of another role serve. Null: no route
    // here.
    std::function<void(Method, const Route*)> check_role;
    // Counts a request of whoever it comes from: its principal, or without one its address. Nothing for what
    // is not limited. Empty: nothing is.
    std::function<std::optional<RateStanding>(const Route&, const Request&)> count;
    // The same of a handshake, whose principal the socket's route has set if its token holds. Empty: none is
    // counted.
    std::function<std::optional<RateStanding>(const Request&)> count_handshake;
    std::function<void(const Exchange&)> on_exchange;
    // An exception that is no Problem left a handler, or a thread's loop. The text is for the log, never for
    // the client.
    std::function<void(std::string_view request_id, std::string_view what)> on_internal_error;
    // No connection can be accepted: the process has no descriptors left, or the kernel no memory. Told once
    // a minute while it lasts.
    std::function<void(std::string_view why)> on_accept_failure;
};

struct ListenerOptions {
    std::string host = "127.0.0.1";            // an address, or "localhost"
    std::uint16_t port = 0;                    // 0: any free one
    std::size_t thread_count = 0;              // 0: one per core
    std::vector<std::string> origins_allowed;  // exact, for example "https://dacapo.example"
    bool local_origins_allowed = false;        // every http origin on localhost and 127.0.0.1 (development)
    std::uint16_t stop_close_code = 1001;      // what WebSockets are closed with by stop()
    std::string stop_close_reason = "server is stopping";
    TrustedProxies trusted_proxies;
    TlsFiles tls;               // without a certificate: plain HTTP
    bool tls_in_front = false;  // a proxy ends it: clients come by https, and are told to stay with it
    Limits limits;
};

struct ListenerCounts {
    std::size_t connections = 0;  // open now, sockets included
    std::size_t connections_max = 0;
    std::size_t sockets = 0;  // open WebSockets now
    std::uint64_t connections_refused = 0;
    std::uint64_t sockets_refused = 0;  // handshakes of clients with too many WebSockets
    std::uint64_t accept_failures = 0;  // each costs its thread a pause of 100 ms
};

class Listener {
public:
    using Executor = boost::asio::io_context::executor_type;

    // Binds and listens, so the port is known (and PortTaken thrown) before anything is served.
    // std::invalid_argument for a host that is no address.
    Listener(ListenerOptions options, Router router, Hooks hooks);
    ~Listener();  // stops
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    std::uint16_t port() const;
    // Reads the certificate and its key anew, for the connections to come. Throws TlsFault and keeps the old
    // ones.
    void reload_tls();
    void start();  // starts the threads and returns
    // Stops accepting, closes idle connections and WebSockets, lets running requests finish (their answers
    // carry `Connection: close`), and after Limits::stop_s drops what is left. Blocks; any thread but the
    // listener's own.
    void stop();

    std::size_t thread_count() const;
    Executor executor_of(std::size_t thread) const;  // to post work to a connection's thread
    ListenerCounts counts() const;
    const Router& router() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace dacapo::http
