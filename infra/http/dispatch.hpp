// From a request to its answer: what the router found, who asks, the handler, and every error as a problem.
// No bytes and no socket here; the session reads and writes.
#pragma once

#include "infra/http/io_thread.hpp"
#include "infra/http/request_parser.hpp"

#include <boost/asio/awaitable.hpp>
#include <exception>

namespace dacapo::http {

// What can be refused before the body is read: unknown path, method, id. Throws Problem.
void check_match(const Request& request, const Router::Match& match);

// Sets request.principal as `access` asks. Throws Problem (401).
boost::asio::awaitable<void> authenticate(const Shared& shared, Access access, Request& request);
// The same when no waiting is needed; false: authenticate() must be asked.
bool authenticate_now(const Shared& shared, Access access, Request& request);

// Runs the handler. Never throws: a Problem becomes its answer, anything else 500 and a report.
boost::asio::awaitable<Response> answer(const Shared& shared, const Router::Match& match, const Head& head,
                                        Request& request);

// Asks the route of a WebSocket. Sets `standing` when the handshake was counted. Throws Problem.
boost::asio::awaitable<SocketAccept> accept_socket(const Shared& shared, const SocketRoute& route,
                                                   const Head& head, Request& request,
                                                   std::optional<RateStanding>& standing);

// The answer for whatever is being thrown; call it in a catch block.
Response answer_to_exception(const Shared& shared, const Request& request);

Response answer_to_options(const Shared& shared, const Router::Match& match, const Head& head,
                           const Request& request);

}  // namespace dacapo::http
