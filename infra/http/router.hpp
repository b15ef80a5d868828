// Finds the route of a path and method: a tree of segments built once from the table of routes.
// Paths answer under / and /api alike (Request::path has neither prefix nor trailing slash).
#pragma once

#include "infra/http/message.hpp"
#include "infra/http/route.hpp"
#include "infra/http/websocket.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace dacapo::http {

class Router {
public:
    // Throws std::invalid_argument for a bad pattern, two routes of one method and pattern, or a missing
    // handler.
    explicit Router(std::vector<Route> routes, std::vector<SocketRoute> sockets = {});
    Router(Router&&) noexcept;
    Router& operator=(Router&&) noexcept;
    ~Router();

    const std::vector<Route>& routes() const { return routes_; }
    const std::vector<SocketRoute>& socket_routes() const { return sockets_; }

    struct Match {
        const Route* route = nullptr;         // null: no route, or none for this method
        const SocketRoute* socket = nullptr;  // set when the path is a WebSocket's and the method is GET
        bool path_known = false;              // some method is served here: 405 rather than 404
        std::string_view allow;               // "GET, HEAD, OPTIONS"
        std::string_view pattern;             // as registered; empty when the path is unknown
        bool id_refused = false;              // an `{x_id}` segment is no integer from 1 to 2^53 - 1: 422
    };

    // Fills request.ids and request.names. HEAD is served by GET. A fixed segment goes before `{x_id}`, that
    // before
    // `{name}`.
    Match find(Request& request) const;

private:
    struct Node;
    std::vector<Route> routes_;
    std::vector<SocketRoute> sockets_;
    std::unique_ptr<Node> root_;
};

}  // namespace dacapo::http
