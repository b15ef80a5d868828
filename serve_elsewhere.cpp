#include "serve_elsewhere.hpp"

namespace dacapo {

http::Problem wrong_role() {
    return {421, "wrong_role",
            "This server has another role: POST, PUT, PATCH and DELETE go to command servers, all else to "
            "query servers."};
}

std::vector<http::Route> answered_elsewhere(std::vector<http::Route> routes) {
    for (auto& route : routes) {
        route.elsewhere = true;
        // What the handler refers to may never have been started, or be gone.
        route.handler = [](http::Request&) -> boost::asio::awaitable<http::Response> {
            throw wrong_role();
            co_return http::Response{};
        };
    }
    return routes;
}

}  // namespace dacapo
