// Bearer tokens in HTTP (RFC 6750): where one stands in a request, and how it is refused; for routes and for
// handshakes of feeds alike.
#pragma once

#include "infra/http/problem.hpp"

#include <string_view>

namespace dacapo::http {

// Of `Authorization: Bearer <token>` (2.1), whatever the scheme's case (RFC 9110 11.1); empty when there is
// none.
std::string_view bearer_token(std::string_view authorization);

// 401 with the challenge of 3.1: who brought no token is told of no error.
Problem token_missing(std::string_view detail);
Problem token_invalid(std::string_view detail);

}  // namespace dacapo::http
