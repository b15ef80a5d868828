// What stands in the braces of a path: what it means, an example, and where a client gets one from. Told once
// for all operations, because a parameter's name means the same in every path.
#pragma once

#include "infra/http/route.hpp"

#include <boost/json.hpp>
#include <span>
#include <string>
#include <string_view>

namespace dacapo {

// The parameters of a route's path, in their order. Throws std::logic_error for a name that is described
// nowhere.
boost::json::array path_parameters_of(std::string_view pattern);

// The pattern with an example in the place of each parameter: "/events/33/join".
std::string example_path_of(std::string_view pattern);

// What can be done next with what a POST made or began: the operations of `<pattern>/{id}`, and the DELETE
// that takes it back. Empty when there is none.
boost::json::object links_of(const http::Route& route, std::span<const http::Route> routes);

}  // namespace dacapo
