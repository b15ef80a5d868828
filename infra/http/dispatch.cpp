#include "infra/http/dispatch.hpp"

#include "events/placement.hpp"
#include "infra/http/bearer.hpp"
#include "infra/http/problem.hpp"

#include <algorithm>

namespace dacapo::http {
namespace {

namespace asio = boost::asio;

constexpr std::string_view preflight_seconds = "600";
constexpr std::size_t preflight_headers_bytes_max = 512;

std::uint32_t jitter_of(const Request& request) {
    return static_cast<std::uint32_t>(stable_hash(request.request_id));
}

bool is_field_names(std::string_view list) {
    const auto is_part = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
               c == '_' || c == ',' || c == ' ';
    };
    return list.size() <= preflight_headers_bytes_max && std::ranges::all_of(list, is_part);
}

void check_match(const Request& request, const Router::Match& match) {
    if (request.path == "*" || (match.path_known && request.method == Method::options)) return;
    if (!match.path_known) throw Problem(404, "not_found", "There is nothing at this path.");
    if (match.socket != nullptr) {
        Problem problem(426, "upgrade_required", "This path is a WebSocket's.");
        problem.headers.emplace_back("Upgrade", "websocket");
        throw problem;
    }
    if (match.route == nullptr) {
        Problem problem(405, "method_not_allowed", "This path does not serve this method.");
        problem.headers.emplace_back("Allow", match.allow);
        throw problem;
    }
    if (match.id_refused)
        throw Problem(422, "invalid_id", "An id in the path is not an integer from 1 to 9007199254740991.");
}

// The same when no waiting is needed; false: authenticate() must be asked.
bool authenticate_now(const Shared& shared, Access access, Request& request) {
    if (access == Access::open || request.principal) return true;
    if (request.authorization.empty()) {
        if (access == Access::optional) return true;
        throw token_missing("This needs a bearer token.");
    }
    const auto token = bearer_token(request.authorization);
    if (token.empty()) throw token_invalid("The Authorization field holds no bearer token.");
    if (shared.hooks.authenticate_now) request.principal = shared.hooks.authenticate_now(token);
    return request.principal.has_value();
}

// Sets request.principal as `access` asks. Throws Problem (401).
asio::awaitable<void> authenticate(const Shared& shared, Request& request) {
    if (!shared.hooks.authenticate) throw token_invalid("No token is known here.");
    request.principal = co_await shared.hooks.authenticate(std::string(bearer_token(request.authorization)));
}

// Of a request to `*`, or for a path's methods: answered from what the router knows.
bool is_about_methods(const Router::Match& match, const Request& request) {
    return request.method == Method::options && (match.route == nullptr || request.path == "*");
}

}  // namespace

Response answer_to_exception(const Shared& shared, const Request& request) {
    try {
        throw;
    } catch (const Problem& problem) {
        auto response = to_response(problem, request);
        const bool has_challenge = std::ranges::any_of(
            problem.headers, [](const auto& header) { return header.first == "WWW-Authenticate"; });
        if (problem.status == 401 && !has_challenge)
            response.set_header("WWW-Authenticate", "Bearer realm=\"dacapo\", error=\"invalid_token\"");
        return response;
    } catch (const std::exception& error) {
        shared.report(request.request_id, error.what());
    } catch (...) {
        shared.report(request.request_id, "an exception of unknown type");
    }
    return to_response(Problem(500, "internal_error", "Something went wrong here; the request id names it."),
                       request);
}

Response answer_to_options(const Shared& shared, const Router::Match& match, const Head& head,
                           const Request& request) {
    const std::string_view allow =
        request.path == "*" ? std::string_view("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS") : match.allow;
    Response response;
    response.status = 204;
    response.set_header("Allow", allow);
    if (head.preflight_method.empty() || !shared.origins.allows(request.origin)) return response;
    response.set_header("Access-Control-Allow-Methods", allow);
    if (!head.preflight_headers.empty() && is_field_names(head.preflight_headers))
        response.set_header("Access-Control-Allow-Headers", head.preflight_headers);
    response.set_header("Access-Control-Max-Age", preflight_seconds);
    return response;
}

// A request whose token is not good counts as its address's, so that it costs nobody else anything.
asio::awaitable<void> admit(const Shared& shared, const Router::Match& match, Request& request,
                            Admitted& admitted) {
    admitted.asked = true;
    if (shared.hooks.check_role) shared.hooks.check_role(request.method, match.route);
    check_match(request, match);
    if (is_about_methods(match, request)) co_return;
    std::exception_ptr refused;
    try {
        if (!authenticate_now(shared, match.route->access, request)) co_await authenticate(shared, request);
    } catch (const Problem&) {
        refused = std::current_exception();
    }
    auto& standing = admitted.standing;
    if (shared.hooks.count) standing = shared.hooks.count(*match.route, request);
    if (standing && standing->exceeded) throw rate_exceeded(*standing, jitter_of(request));
    if (refused) std::rethrow_exception(refused);
}

asio::awaitable<Response> answer(const Shared& shared, const Router::Match& match, const Head& head,
                                 Request& request, Admitted admitted) {
    Response response;
    try {
        if (!admitted.asked) co_await admit(shared, match, request, admitted);
        if (is_about_methods(match, request)) co_return answer_to_options(shared, match, head, request);
        if (!match.route->keyed) request.idempotency_key.clear();
        response = co_await match.route->handler(request);
    } catch (...) {
        response = answer_to_exception(shared, request);
    }
    if (admitted.standing) add_rate_fields(*admitted.standing, response);
    co_return response;
}

asio::awaitable<SocketAccept> accept_socket(const Shared& shared, const SocketRoute& route, const Head& head,
                                            Request& request, std::optional<RateStanding>& standing) {
    SocketAccept accepted;
    std::exception_ptr refused;
    try {
        accepted = co_await route.accept(request, head.subprotocols);
    } catch (const Problem&) {
        refused = std::current_exception();
    }
    if (shared.hooks.count_handshake) standing = shared.hooks.count_handshake(request);
    if (standing && standing->exceeded) throw rate_exceeded(*standing, jitter_of(request));
    if (refused) std::rethrow_exception(refused);
    co_return accepted;
}

}  // namespace dacapo::http
