// The request target (RFC 9112 3.2) taken apart: path decoded once, query decoded, what cannot be meant
// refused. Pure, so that tests and the fuzzer reach it without a connection.
#pragma once

#include "infra/http/message.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace dacapo::http {

// Why a request is refused before any route is asked. The connection closes after the answer.
struct HeadError {
    int status = 400;
    const char* code = "malformed_request";
    const char* detail = "The request is not valid HTTP.";
};

// Fills `request.path` (without /api and without a trailing slash; "*" for OPTIONS *) and `request.query`.
// `host` is the Host field, which an absolute target must agree with.
std::optional<HeadError> parse_target(std::string_view target, std::string_view host, Request& request);

// host [":" port]: a name, an IPv4 address or an IPv6 address in brackets.
bool is_host(std::string_view host);

}  // namespace dacapo::http
