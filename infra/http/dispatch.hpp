// From a request to its answer: what the router found, who asks, the handler, and every error as a problem.
// No bytes and no socket here; the session reads and writes.
#pragma once

#include "infra/http/io_thread.hpp"
#include "infra/http/request_parser.hpp"

#include <boost/asio/awaitable.hpp>
#include <exception>

namespace dacapo::http {

// Whether a request may be carried out has been asked; and how its sender stands, when it was counted.
struct Admitted {
    bool asked = false;
    std::optional<RateStanding> standing;
};

// What can be refused before the body is read: unknown path, method, id; a bad token; too many requests.
// Throws Problem, and sets `admitted` also then.
boost::asio::awaitable<void> admit(const Shared& shared, const Router::Match& match, Request& request,
                                   Admitted& admitted);

// Admits the request unless that has been asked, and runs the handler. Never throws: a Problem becomes its
// answer, anything else 500 and a report.
boost::asio::awaitable<Response> answer(const Shared& shared, const Router::Match& match, const Head& head,
                                        Request& request, Admitted admitted);

// Asks the route of a WebSocket. Sets `standing` when the handshake was counted. Throws Problem.
boost::asio::awaitable<SocketAccept> accept_socket(const Shared& shared, const SocketRoute& route,
                                                   const Head& head, Request& request,
                                                   std::optional<RateStanding>& standing);

// The answer for whatever is being thrown; call it in a catch block.
Response answer_to_exception(const Shared& shared, const Request& request);

Response answer_to_options(const Shared& shared, const Router::Match& match, const Head& head,
                           const Request& request);

}  // namespace dacapo::http
