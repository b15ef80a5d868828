#include "tests/support/toy_server.hpp"

#include "infra/http/problem.hpp"
#include "tests/support/answer_rules.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <stdexcept>

namespace dacapo::test {

namespace asio = boost::asio;
using http::Method;
using http::Request;
using http::Response;

struct ToyServer::State {
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<std::function<void()>> waiting;
    std::vector<Seen> exchanges;
    std::vector<std::string> errors;
    std::vector<std::uint16_t> closed;
};

namespace {

constexpr std::chrono::seconds patience_max{10};

http::Route route(Method method, std::string pattern, http::Handler handler) {
    http::Route made;
    made.method = method;
    made.pattern = std::move(pattern);
    made.handler = std::move(handler);
    return made;
}

Response text(std::string body) {
    Response response;
    response.content_type = "text/plain; charset=utf-8";
    response.body = std::move(body);
    return response;
}

asio::awaitable<Response> hello(Request&) { co_return text("hello"); }
asio::awaitable<Response> echo(Request& request) { co_return text(request.body); }
asio::awaitable<Response> large(Request&) { co_return text(std::string(2 * 1024 * 1024, 'l')); }
asio::awaitable<Response> shared(Request&) {
    static const auto body = std::make_shared<const std::string>(100 * 1024, 's');
    Response response;
    response.content_type = "text/plain";
    response.shared_body = body;
    co_return response;
}
asio::awaitable<Response> thing(Request& request) {
    co_return text("thing " + std::to_string(request.ids.at(0)));
}
asio::awaitable<Response> file(Request& request) { co_return text("file " + request.names.at(0)); }
asio::awaitable<Response> broken(Request&) { throw std::runtime_error("secret path /etc/x"); }

asio::awaitable<Response> whoami(Request& request) {
    co_return text(request.principal ? std::to_string(request.principal->user_id.value) : "nobody");
}

http::Principal user_seven() { return {UserId{7}, SessionId{70}, Role::user}; }

asio::awaitable<http::Principal> check_token(std::string token) {
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    if (token == "slow-good") co_return user_seven();
    throw http::Problem(401, "token_invalid", "This token does not hold.");
}

void converse(const std::shared_ptr<http::WebSocket>& socket) {
    // A weak pointer: the callbacks live in the socket itself.
    const std::weak_ptr<http::WebSocket> weak = socket;
    socket->on_text = [weak](std::string_view message) {
        const auto self = weak.lock();
        if (message == "close") return self->close(4001, "as asked");
        if (message == "throw") throw std::runtime_error("thrown by a socket");
        if (message == "flood") {
            const auto frame = http::text_frame(std::string(64 * 1024, 'f'));
            for (int count = 0; count < 64; ++count) self->send(frame);
            return;
        }
        self->send(http::text_frame(message));
    };
}

}  // namespace

ToyServer::ToyServer(http::ListenerOptions options, http::Hooks hooks) : state_(std::make_shared<State>()) {
    auto state = state_;
    auto wait = [state](Request&) -> asio::awaitable<Response> {
        auto start = [state](auto handler) {
            auto shared = std::make_shared<decltype(handler)>(std::move(handler));
            const std::lock_guard lock(state->mutex);
            state->waiting.push_back([shared] {
                const auto executor = asio::get_associated_executor(*shared);
                asio::post(executor, [shared] { std::move (*shared)(); });
            });
            state->changed.notify_all();
        };
        co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(std::move(start),
                                                                             asio::use_awaitable);
        co_return text("waited");
    };
    std::vector<http::Route> routes;
    routes.push_back(route(Method::get, "/hello", hello));
    routes.push_back(route(Method::get, "/things/{thing_id}", thing));
    routes.push_back(route(Method::put, "/things/{thing_id}", thing));
    routes.push_back(route(Method::get, "/files/{name}", file));
    routes.push_back(route(Method::post, "/echo", echo));
    routes.back().body_bytes_max = 1000;
    routes.push_back(route(Method::post, "/big", echo));
    routes.back().body_bytes_max = 1024 * 1024;
    routes.push_back(route(Method::get, "/whoami", whoami));
    routes.back().access = http::Access::user;
    routes.push_back(route(Method::post, "/whoami", whoami));
    routes.back().access = http::Access::user;
    routes.push_back(route(Method::get, "/maybe", whoami));
    routes.back().access = http::Access::optional;
    routes.push_back(route(Method::get, "/broken", broken));
    routes.push_back(route(Method::get, "/large", large));
    routes.push_back(route(Method::get, "/shared", shared));
    routes.push_back(route(Method::get, "/wait", wait));

    auto accept = [state](Request& request,
                          std::vector<std::string> offered) -> asio::awaitable<http::SocketAccept> {
        if (!request.names.empty() && request.names[0] == "bad")
            throw http::Problem(401, "token_invalid", "This token does not hold.");
        http::SocketAccept accepted;
        for (const auto& subprotocol : offered)
            if (subprotocol == "toy.v1") accepted.subprotocol = subprotocol;
        accepted.on_open = [state](std::shared_ptr<http::WebSocket> socket) {
            converse(socket);
            socket->on_close = [state](std::uint16_t code, std::string_view) {
                const std::lock_guard lock(state->mutex);
                state->closed.push_back(code);
                state->changed.notify_all();
            };
        };
        co_return accepted;
    };
    std::vector<http::SocketRoute> sockets{{"/ws", accept}, {"/ws/{token}", accept}};

    hooks.authenticate = check_token;
    hooks.authenticate_now = [](std::string_view token) {
        return token == "good" ? std::optional(user_seven()) : std::nullopt;
    };
    hooks.on_exchange = [state](const http::Exchange& exchange) {
        const std::lock_guard lock(state->mutex);
        state->exchanges.push_back({std::string(exchange.pattern), exchange.status,
                                    std::string(exchange.request_id), std::string(exchange.remote_address),
                                    exchange.duration});
    };
    hooks.on_internal_error = [state](std::string_view, std::string_view what) {
        const std::lock_guard lock(state->mutex);
        state->errors.emplace_back(what);
    };
    if (options.thread_count == 0) options.thread_count = 2;
    listener_ = std::make_unique<http::Listener>(
        std::move(options), http::Router(std::move(routes), std::move(sockets)), std::move(hooks));
    listener_->start();
    // No document says what its routes answer.
    watch_.emplace(port(), [this](std::string_view method, std::string_view target,
                                  const HttpAnswer& answer) {
        const auto fault = answer.status == 101 ? fault_in_switch(target, answer) : fault_in_fields(answer);
        if (!fault.empty()) faults_.insert(fmt::format("{} {}: {}", method, target, fault));
    });
}

ToyServer::~ToyServer() {
    release();
    listener_->stop();
    watch_.reset();
    for (const auto& fault : faults_) FAIL_CHECK(fault);
}

void ToyServer::release() {
    const std::lock_guard lock(state_->mutex);
    for (const auto& resume : state_->waiting) resume();
    state_->waiting.clear();
}

bool ToyServer::reached_wait(std::size_t count) {
    std::unique_lock lock(state_->mutex);
    return state_->changed.wait_for(lock, patience_max, [&] { return state_->waiting.size() >= count; });
}

std::vector<ToyServer::Seen> ToyServer::exchanges() {
    const std::lock_guard lock(state_->mutex);
    return state_->exchanges;
}

std::vector<std::string> ToyServer::internal_errors() {
    const std::lock_guard lock(state_->mutex);
    return state_->errors;
}

std::uint16_t ToyServer::closed_code() {
    std::unique_lock lock(state_->mutex);
    const bool closed = state_->changed.wait_for(lock, patience_max, [&] { return !state_->closed.empty(); });
    return closed ? state_->closed.back() : std::uint16_t{0};
}

}  // namespace dacapo::test
