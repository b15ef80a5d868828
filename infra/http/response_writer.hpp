// A Response as bytes: status line, the fields that every answer has, the handler's own, the body.
#pragma once

#include "infra/http/message.hpp"

#include <string>
#include <string_view>

namespace dacapo::http {

struct ResponseFacts {
    std::string_view date;  // IMF-fixdate
    std::string_view request_id;
    std::string_view allowed_origin;  // echoed for CORS; empty: not allowed or not asked
    bool keep_alive = true;
    bool announce_keep_alive = false;  // an HTTP/1.0 client asked for it
    bool secure = false;               // over TLS: the client is told to stay there
    bool head_only = false;            // HEAD: the length, not the body
};

// Appends. Security fields and `Cache-Control: no-store` give way to the handler's own.
void write_response(const Response& response, const ResponseFacts& facts, std::string& out);

std::string http_date(std::int64_t unix_seconds);

}  // namespace dacapo::http
