// The opening handshake of a WebSocket (RFC 6455 section 4): what must be right, and the answer to it.
#pragma once

#include "infra/http/origin.hpp"
#include "infra/http/request_parser.hpp"

#include <string>
#include <string_view>

namespace dacapo::http {

// Throws Problem: 403 for a web page of elsewhere (no Origin at all is no web page), 400 for a bad key, 426
// for another version than 13.
void check_handshake(const OriginPolicy& origins, const Request& request, const Head& head);

std::string handshake_answer(const Head& head, std::string_view subprotocol, std::string_view request_id,
                             std::string_view date);

// The Sec-WebSocket-Accept of a Sec-WebSocket-Key.
std::string accept_key(std::string_view key);

}  // namespace dacapo::http
