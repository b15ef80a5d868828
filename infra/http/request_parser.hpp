// Reads one HTTP/1.1 request at a time from bytes: Beast's parser behind a plain interface, with what it
// leaves open closed. Without I/O, so that the tests' table and the fuzzer feed it as a connection does.
#pragma once

#include "infra/http/limits.hpp"
#include "infra/http/message.hpp"
#include "infra/http/target.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dacapo::http {

// What the connection itself needs of a head; the rest is in Request.
struct Head {
    bool keep_alive = false;
    bool expects_continue = false;
    bool chunked = false;
    bool version_10 = false;
    std::uint64_t content_length = 0;
    std::optional<HeadError> error;

    std::string host;
    std::string x_forwarded_for;
    std::string forwarded;          // RFC 7239
    std::string preflight_method;   // Access-Control-Request-Method
    std::string preflight_headers;  // Access-Control-Request-Headers

    bool upgrades_to_websocket = false;
    std::string websocket_key;
    std::string websocket_version;
    std::vector<std::string> subprotocols;

    void clear();
};

class RequestParser {
public:
    explicit RequestParser(const Limits& limits);
    ~RequestParser();
    RequestParser(RequestParser&&) noexcept;

    // How many of `bytes` the next head takes: 0 while it is incomplete. Sets `error` as soon as it cannot
    // become one. Call again with the same bytes and more; `restart` forgets what was seen.
    std::size_t find_head(std::string_view bytes, std::optional<HeadError>& error);

    // Parses a head that find_head() has measured into `request` and `head`. A fault is in `head.error`.
    void parse_head(std::string_view bytes, Request& request, Head& head);

    // After parse_head(): takes body bytes into `request.body`, returns how many it used. Fields after a
    // chunked body (trailers) are dropped. Sets `error` for bad chunks or a body beyond `body_bytes_max`.
    std::size_t parse_body(std::string_view bytes, std::size_t body_bytes_max, Request& request,
                           std::optional<HeadError>& error);
    bool body_complete() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace dacapo::http
