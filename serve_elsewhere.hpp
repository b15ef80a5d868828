// What a server of one role knows of the other: its routes, so that the right method gets 421 wrong_role and
// the wrong one 405 with Allow, on every server the same.
#pragma once

#include "infra/http/problem.hpp"
#include "infra/http/route.hpp"

#include <vector>

namespace dacapo {

// What a server says to a request of the other role, which the proxy should have sent elsewhere: 421.
http::Problem wrong_role();

// The same routes as a server has them that must not answer them.
std::vector<http::Route> answered_elsewhere(std::vector<http::Route> routes);

}  // namespace dacapo
