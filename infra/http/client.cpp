#include "infra/http/client.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <algorithm>
#include <map>
#include <mutex>
#include <thread>

namespace dacapo::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;

constexpr std::size_t body_bytes_max = std::size_t{1} << 20;
constexpr std::size_t kept_per_address_max = 64;
constexpr std::string_view scheme = "http://";

struct Address {
    std::string host;
    std::string port;
};

Address address_of(std::string_view base) {
    if (!base.starts_with(scheme))
        throw std::invalid_argument("an address of the cluster must begin with http://");
    base.remove_prefix(scheme.size());
    while (base.ends_with('/')) base.remove_suffix(1);
    const auto colon = base.rfind(':');
    if (colon == base.npos || colon == 0 || colon + 1 == base.size())
        throw std::invalid_argument("an address of the cluster must name host and port");
    auto host = base.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    return {std::string(host), std::string(base.substr(colon + 1))};
}

bool same_name(std::string_view one, std::string_view other) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return std::ranges::equal(one, other, {}, lower, lower);
}

beast::http::verb verb_of(Method method) {
    switch (method) {
        case Method::get:
            return beast::http::verb::get;
        case Method::head:
            return beast::http::verb::head;
        case Method::post:
            return beast::http::verb::post;
        case Method::put:
            return beast::http::verb::put;
        case Method::patch:
            return beast::http::verb::patch;
        case Method::del:
            return beast::http::verb::delete_;
        case Method::options:
            return beast::http::verb::options;
        case Method::other:
            break;  // no server of ours asks anything by it
    }
    return beast::http::verb::get;
}

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

}  // namespace

using Stream = beast::tcp_stream;
using StreamPtr = std::unique_ptr<Stream>;

// Idle connections. A stream belongs to the executor it was made on, so each thread finds only its own.
struct Client::Pool {
    using Key = std::pair<std::thread::id, std::string>;

    StreamPtr take(const std::string& base) {
        const std::lock_guard lock(mutex);
        auto& kept = idle[{std::this_thread::get_id(), base}];
        if (kept.empty()) return nullptr;
        auto stream = std::move(kept.back());
        kept.pop_back();
        return stream;
    }
    void keep(const std::string& base, StreamPtr stream) {
        const std::lock_guard lock(mutex);
        auto& kept = idle[{std::this_thread::get_id(), base}];
        if (kept.size() < kept_per_address_max) kept.push_back(std::move(stream));
    }

    std::mutex mutex;
    std::map<Key, std::vector<StreamPtr>> idle;
};

namespace {

// An idle connection that the other side has closed shows it by being readable.
bool is_stale(Stream& stream) {
    boost::system::error_code error;
    auto& socket = stream.socket();
    char byte = 0;
    socket.non_blocking(true, error);
    if (error) return true;
    socket.receive(asio::buffer(&byte, 1), tcp::socket::message_peek, error);
    return error != asio::error::would_block;
}

asio::awaitable<StreamPtr> connect(const std::string& base, std::chrono::milliseconds patience) {
    const auto address = address_of(base);
    const auto executor = co_await asio::this_coro::executor;
    tcp::resolver resolver(executor);
    auto [unresolved, endpoints] = co_await resolver.async_resolve(address.host, address.port, as_result);
    if (unresolved) throw NotSent("the address of another server cannot be resolved");
    auto stream = std::make_unique<Stream>(executor);
    stream->expires_after(patience);
    auto [unconnected, endpoint] = co_await stream->async_connect(endpoints, as_result);
    if (unconnected) throw NotSent("another server cannot be reached");
    boost::system::error_code ignored;
    stream->socket().set_option(tcp::no_delay(true), ignored);
    co_return stream;
}

}  // namespace

std::string_view ClientResponse::header(std::string_view name) const {
    const auto found =
        std::ranges::find_if(headers, [&](const auto& field) { return same_name(field.first, name); });
    return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

Client::Client() : pool_(std::make_shared<Pool>()) {}
Client::~Client() = default;

void Client::clear() {
    const std::lock_guard lock(pool_->mutex);
    pool_->idle.clear();
}

asio::awaitable<ClientResponse> Client::send(std::string base, ClientRequest request,
                                             std::chrono::milliseconds patience) {
    const auto pool = pool_;
    auto stream = pool->take(base);
    while (stream && is_stale(*stream)) stream = pool->take(base);
    if (!stream) stream = co_await connect(base, patience);

    beast::http::request<beast::http::string_body> message{verb_of(request.method), request.target, 11};
    message.set(beast::http::field::host, base.substr(scheme.size()));
    for (const auto& [name, value] : request.headers) message.set(name, value);
    message.body() = std::move(request.body);
    message.prepare_payload();

    stream->expires_after(patience);
    auto [unsent, sent_bytes] = co_await beast::http::async_write(*stream, message, as_result);
    if (unsent) throw NoAnswer("a request to another server could not be sent whole");
    beast::flat_buffer buffer;
    beast::http::response_parser<beast::http::string_body> parser;
    parser.body_limit(body_bytes_max);
    if (request.method == Method::head) parser.skip(true);
    auto [unread, read_bytes] = co_await beast::http::async_read(*stream, buffer, parser, as_result);
    if (unread) throw NoAnswer("another server has not answered");

    ClientResponse response;
    auto& answer = parser.get();
    response.status = static_cast<int>(answer.result_int());
    for (const auto& field : answer)
        response.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
    response.body = std::move(answer.body());
    stream->expires_never();
    if (answer.keep_alive() && buffer.size() == 0) pool->keep(base, std::move(stream));
    co_return response;
}

}  // namespace dacapo::http
