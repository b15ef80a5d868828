#include "infra/http/session.hpp"

#include "infra/http/dispatch.hpp"
#include "infra/http/handshake.hpp"
#include "infra/http/outgoing.hpp"
#include "infra/http/problem.hpp"
#include "infra/http/response_writer.hpp"
#include "infra/http/socket_session.hpp"

#include <sys/socket.h>
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstring>

namespace dacapo::http {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

constexpr std::size_t input_bytes_first = 4 * 1024;
constexpr std::size_t input_bytes_long = 16 * 1024;       // for a body that the first size would cut small
constexpr std::size_t shared_body_bytes_min = 64 * 1024;  // a smaller one is sooner copied than sent apart
constexpr unsigned seconds_unwatched = 3600;              // while a handler runs: its own limits hold

bool is_request_id(std::string_view id) {
    const auto is_part = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
               c == '_' || c == '.';
    };
    return !id.empty() && id.size() <= 64 && std::ranges::all_of(id, is_part);
}

class Session final : public Connection, public std::enable_shared_from_this<Session> {
public:
    Session(IoThread& thread, Channel channel, ConnectionSlot slot)
        : thread_(thread),
          shared_(thread.shared),
          channel_(std::move(channel)),
          slot_(std::move(slot)),
          parser_(thread.shared.limits),
          input_(input_bytes_first) {
        thread_.add(*this);
    }

    static asio::awaitable<void> run(std::shared_ptr<Session> self) {
        try {
            co_await self->serve();
        } catch (const std::exception& error) {
            self->shared_.report(self->request_.request_id, error.what());
        }
        self->close();
    }

    void on_due() override {
        switch (phase_) {
            case Phase::answering:
                return thread_.wheel.arm(*this, seconds_unwatched);
            case Phase::head:
            case Phase::body:
                if (phase_ == Phase::body || input_begin_ != input_end_) send_timeout();
                break;
            case Phase::idle:
            case Phase::writing:
            case Phase::lingering:
                break;
        }
        close();
    }

    // Not close(): a request that has arrived, perhaps read already, would be carried out without an answer.
    // This way it is answered, and what has not arrived is not read any more.
    void on_stop() override {
        if (phase_ != Phase::idle) return;
        channel_.shutdown_receive();
    }

private:
    enum class Phase { idle, head, body, answering, writing, lingering };

    asio::awaitable<void> serve();
    asio::awaitable<bool> read_head();
    asio::awaitable<bool> read_body(std::size_t body_bytes_max);
    asio::awaitable<bool> take_expectation(Router::Match match, Admitted& admitted);
    asio::awaitable<void> upgrade(Router::Match match);
    asio::awaitable<bool> flush_slowly();
    asio::awaitable<void> linger();

    asio::awaitable<std::size_t> read_some();
    asio::awaitable<void> wait_writable();

    bool flush_now();
    void write(const Response& response, std::string_view pattern);
    void report_exchange(const Response& response, std::string_view pattern);
    void refuse(const HeadError& error, std::string_view pattern);
    [[noreturn]] static void refuse_while_stopping();
    [[noreturn]] void refuse_socket();
    void send_timeout();
    void forget_request();
    void identify_request();
    void close();
    std::string_view unread() const { return {input_.data() + input_begin_, input_end_ - input_begin_}; }
    void watch(Phase phase, unsigned seconds) {
        phase_ = phase;
        thread_.wheel.arm(*this, seconds);
    }

    IoThread& thread_;
    Shared& shared_;
    Channel channel_;
    std::optional<ConnectionSlot> slot_;
    RequestParser parser_;
    Phase phase_ = Phase::idle;
    bool keep_alive_ = true;
    bool upgraded_ = false;
    std::size_t request_count_ = 0;
    Clock::time_point head_read_at_;

    std::vector<char> input_;
    std::size_t input_begin_ = 0;
    std::size_t input_end_ = 0;
    Outgoing output_;

    Request request_;
    Head head_;
};

// The handlers are wrapped in lambdas without an executor of their own, so that completions run straight on
// the io_context: going through the coroutine's polymorphic executor costs as much as a read.
asio::awaitable<std::size_t> Session::read_some() {
    if (input_begin_ == input_end_) input_begin_ = input_end_ = 0;
    if (input_end_ == input_.size()) {
        if (input_begin_ > 0) {
            std::memmove(input_.data(), input_.data() + input_begin_, input_end_ - input_begin_);
            input_end_ -= std::exchange(input_begin_, 0);
        } else {
            // Bounded: the parser refuses whatever leaves more than a header or a chunk's overhead unread.
            input_.resize(input_.size() * 2);
        }
    }
    auto start = [this](auto handler) {
        auto resume = [this, handler = std::move(handler)](boost::system::error_code error,
                                                           std::size_t count) mutable {
            input_end_ += error ? 0 : count;
            std::move(handler)(error ? 0 : count);
        };
        channel_.async_read_some(asio::buffer(input_.data() + input_end_, input_.size() - input_end_),
                                 std::move(resume));
    };
    return asio::async_initiate<const asio::use_awaitable_t<>, void(std::size_t)>(std::move(start),
                                                                                  asio::use_awaitable);
}

asio::awaitable<void> Session::wait_writable() {
    auto start = [this](auto handler) {
        auto resume = [handler = std::move(handler)](boost::system::error_code) mutable {
            std::move(handler)();
        };
        channel_.async_wait_writable(std::move(resume));
    };
    return asio::async_initiate<const asio::use_awaitable_t<>, void()>(std::move(start), asio::use_awaitable);
}

// True when everything has left. An error closes the socket; the next read then says so.
bool Session::flush_now() {
    if (output_.send(channel_)) return true;
    if (errno != EAGAIN && errno != EWOULDBLOCK) close();
    return false;
}

asio::awaitable<bool> Session::flush_slowly() {
    // One time for all of it: a client that takes a byte now and then would otherwise hold its answers for
    // ever.
    const auto more_s = static_cast<unsigned>(output_.size() / shared_.limits.answer_bytes_per_s_min);
    watch(Phase::writing, shared_.limits.write_s + more_s);
    while (channel_.is_open()) {
        if (flush_now()) co_return true;
        co_await wait_writable();
    }
    co_return false;
}

// The one before must not be taken for one that has not become one. Keeps the fault.
void Session::forget_request() {
    const auto error = head_.error;
    request_.clear();
    head_.clear();
    head_.error = error;
    head_read_at_ = Clock::now();
}

void Session::identify_request() {
    if (!is_request_id(request_.request_id)) request_.request_id = thread_.make_request_id();
    request_.remote_address =
        shared_.options.trusted_proxies.client_of(slot_->address(), head_.x_forwarded_for, head_.forwarded);
}

// False when the connection is over. On a fault, `head_.error` is set.
asio::awaitable<bool> Session::read_head() {
    head_.error.reset();
    bool begun = false;
    while (true) {
        const auto length = parser_.find_head(unread(), head_.error);
        if (head_.error) {
            forget_request();
            co_return true;
        }
        if (length > 0) {
            head_read_at_ = Clock::now();
            parser_.parse_head(unread().substr(0, length), request_, head_);
            input_begin_ += length;
            co_return true;
        }
        // Only when no further request is at hand: the answers so far leave in one write.
        if (!flush_now()) {
            if (!co_await flush_slowly()) co_return false;
        }
        if (input_begin_ == input_end_) {
            if (thread_.stopping) co_return false;
            watch(Phase::idle,
                  channel_.is_handshaking() ? shared_.limits.tls_handshake_s : shared_.limits.idle_s);
        } else if (!begun) {
            begun = true;
            watch(Phase::head, shared_.limits.header_s);
        }
        if (co_await read_some() == 0) co_return false;
    }
}

asio::awaitable<bool> Session::read_body(std::size_t body_bytes_max) {
    if (head_.content_length > input_.size() && input_.size() < input_bytes_long)
        input_.resize(input_bytes_long);
    const auto more_s = static_cast<unsigned>(head_.content_length / shared_.limits.body_bytes_per_s_min);
    bool begun = false;
    while (true) {
        input_begin_ += parser_.parse_body(unread(), body_bytes_max, request_, head_.error);
        if (head_.error || parser_.body_complete()) co_return true;
        if (!begun) {
            begun = true;
            if (!flush_now()) {
                if (!co_await flush_slowly()) co_return false;
            }
            watch(Phase::body, shared_.limits.body_s + more_s);
        }
        if (co_await read_some() == 0) co_return false;
    }
}

// `Expect: 100-continue`: what can be refused is refused before the body is sent. False: it was.
asio::awaitable<bool> Session::take_expectation(Router::Match match, Admitted& admitted) {
    try {
        co_await admit(shared_, match, request_, admitted);
    } catch (...) {
        keep_alive_ = false;
        auto response = answer_to_exception(shared_, request_);
        if (admitted.standing) add_rate_fields(*admitted.standing, response);
        write(response, match.pattern);
        co_return false;
    }
    output_.bytes() += "HTTP/1.1 100 Continue\r\n\r\n";
    if (flush_now()) co_return true;
    co_return co_await flush_slowly();
}

asio::awaitable<void> Session::serve() {
    const Limits& limits = shared_.limits;
    while (keep_alive_) {
        // Not `while (keep_alive_ && co_await read_head())`: g++ 12 awaits whatever the condition says.
        const bool has_head = co_await read_head();
        if (!has_head) break;
        phase_ = Phase::answering;
        identify_request();
        if (head_.error) {
            refuse(*head_.error, {});
            break;
        }
        // What a method that is not ours means for the bytes behind it, nobody here knows.
        keep_alive_ = head_.keep_alive && request_.method != Method::other &&
                      ++request_count_ < limits.request_count_per_connection_max;
        const auto match = shared_.router.find(request_);
        if (match.socket != nullptr && request_.method == Method::get && head_.upgrades_to_websocket) {
            co_await upgrade(match);
            if (upgraded_) co_return;
            break;
        }
        Admitted admitted;
        const bool has_body = head_.chunked || head_.content_length > 0;
        if (has_body) {
            const auto limit =
                match.route != nullptr ? match.route->body_bytes_max : limits.unrouted_body_bytes_max;
            if (head_.content_length > limit) {
                refuse({413, "body_too_large", "The request's body is larger than this route takes."},
                       match.pattern);
                break;
            }
            if (head_.expects_continue) {
                const bool continues = co_await take_expectation(match, admitted);
                if (!continues) break;
            }
            if (!co_await read_body(limit)) co_return;
            if (head_.error) {
                refuse(*head_.error, match.pattern);
                break;
            }
            phase_ = Phase::answering;
        }
        auto response = co_await answer(shared_, match, head_, request_, std::move(admitted));
        write(response, match.pattern);
        const bool must_leave = output_.shares() || output_.size() > limits.joined_answer_bytes_max;
        if (must_leave && !flush_now()) {
            if (!co_await flush_slowly()) co_return;
        }
    }
    if (!flush_now()) {
        if (!co_await flush_slowly()) co_return;
    }
    if (!keep_alive_ && channel_.is_open()) co_await linger();
}

void Session::write(const Response& response, std::string_view pattern) {
    if (thread_.stopping) keep_alive_ = false;
    ResponseFacts facts;
    facts.date = thread_.date;
    facts.request_id = request_.request_id;
    if (!request_.origin.empty() && shared_.origins.allows(request_.origin))
        facts.allowed_origin = request_.origin;
    facts.secure = channel_.is_tls() || shared_.options.tls_in_front;
    facts.keep_alive = keep_alive_;
    facts.announce_keep_alive = keep_alive_ && head_.version_10;
    const bool to_head = request_.method == Method::head;
    const bool shares =
        !to_head && response.shared_body && response.shared_body->size() >= shared_body_bytes_min;
    facts.head_only = to_head || shares;
    write_response(response, facts, output_.bytes());
    if (shares) output_.share(response.shared_body);
    report_exchange(response, pattern);
}

void Session::report_exchange(const Response& response, std::string_view pattern) {
    if (!shared_.hooks.on_exchange) return;
    Exchange exchange;
    exchange.method = request_.method;
    exchange.pattern = pattern;
    exchange.status = response.status;
    exchange.problem_code = response.problem_code;
    exchange.duration = Clock::now() - head_read_at_;
    exchange.request_bytes = request_.body.size();
    exchange.response_bytes = response.content().size();
    exchange.request_id = request_.request_id;
    exchange.remote_address = request_.remote_address;
    exchange.user_agent = request_.user_agent;
    exchange.principal = request_.principal ? &*request_.principal : nullptr;
    exchange.security = request_.security ? &*request_.security : nullptr;
    shared_.hooks.on_exchange(exchange);
}

// After a fault in the framing nobody knows where the next request begins, so the connection ends.
void Session::refuse(const HeadError& error, std::string_view pattern) {
    keep_alive_ = false;
    Problem problem(error.status, error.code, error.detail);
    if (error.status == 405) problem.headers.emplace_back("Allow", "");  // RFC 9110 10.2.1: no method at all
    write(to_response(problem, request_), pattern);
}

void Session::send_timeout() {
    if (phase_ == Phase::head) {
        forget_request();
        identify_request();
    }
    refuse({408, "request_timeout", "The request did not arrive in time."}, {});
    flush_now();
}

// Reads what the client still sends, so that closing does not reset the connection and take the answer with
// it.
asio::awaitable<void> Session::linger() {
    channel_.shutdown_send();
    watch(Phase::lingering, shared_.limits.linger_s);
    std::size_t discarded = 0;
    while (discarded < shared_.limits.discarded_bytes_max) {
        input_begin_ = input_end_ = 0;
        const auto count = co_await read_some();
        if (count == 0) break;
        discarded += count;
    }
}

void Session::refuse_while_stopping() {
    Problem problem(503, "stopping", "The server is stopping.");
    problem.headers.emplace_back("Retry-After", "1");
    throw problem;
}

// Sockets last, so nobody can say when there will be room.
void Session::refuse_socket() {
    shared_.sockets_refused_count.fetch_add(1, std::memory_order_relaxed);
    Problem problem(429, "too_many_sockets", "This address has too many WebSockets open.");
    problem.headers.emplace_back("Retry-After", "10");
    problem.violated_policies.emplace_back("sockets");
    throw problem;
}

asio::awaitable<void> Session::upgrade(Router::Match match) {
    SocketAccept accepted;
    std::optional<RateStanding> standing;
    try {
        check_handshake(shared_.origins, request_, head_);
        if (thread_.stopping) refuse_while_stopping();
        accepted = co_await accept_socket(shared_, *match.socket, head_, request_, standing);
        if (!slot_->take_socket(network_of(request_.remote_address))) refuse_socket();
    } catch (...) {
        keep_alive_ = false;
        auto response = answer_to_exception(shared_, request_);
        if (standing) add_rate_fields(*standing, response);
        write(response, match.pattern);
        co_return;
    }
    output_.bytes() += handshake_answer(head_, accepted.subprotocol, request_.request_id, thread_.date);
    Response switched;
    switched.status = 101;
    report_exchange(switched, match.pattern);
    if (!flush_now()) {
        if (!co_await flush_slowly()) co_return;
    }
    upgraded_ = true;
    thread_.wheel.disarm(*this);
    boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>::unlink();
    auto socket = std::make_shared<SocketSession>(thread_, std::move(channel_), std::move(*slot_), unread());
    slot_.reset();
    if (accepted.on_open) accepted.on_open(socket);
    socket->start();
}

void Session::close() {
    thread_.wheel.disarm(*this);
    if (upgraded_) return;
    channel_.close();
}

}  // namespace

void serve_connection(IoThread& thread, Channel channel, ConnectionSlot slot) {
    auto session = std::make_shared<Session>(thread, std::move(channel), std::move(slot));
    asio::co_spawn(thread.context, Session::run(std::move(session)), asio::detached);
}

}  // namespace dacapo::http
