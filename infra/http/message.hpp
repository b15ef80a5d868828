// A request as handlers see it and the response they give back. No Beast here, so that routes compile in
// seconds.
#pragma once

#include "infra/security_note.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dacapo::http {

// `other` is every method that no route can have: known to HTTP or made up, it is 405 wherever a path is
// served.
enum class Method { get, head, post, put, patch, del, options, other };
std::string_view name_of(Method method);

// Who sent the request, once the token and its session have been checked.
struct Principal {
    UserId user_id;
    SessionId session_id;
    Role role = Role::user;
};

struct Request {
    Method method = Method::get;
    std::string path;  // decoded, without /api and without a trailing slash
    std::vector<std::pair<std::string, std::string>> query;  // decoded; no key twice
    std::vector<std::int64_t> ids;                           // the integers of `{..._id}` segments, in order
    std::vector<std::string> names;                          // the text of other `{...}` segments, in order
    std::string body;
    std::optional<Principal> principal;

    // Headers that handlers may ask for, taken before the body is read (a trailer cannot forge them).
    std::string authorization;
    std::string content_type;
    std::string if_match;
    std::string if_none_match;
    std::string idempotency_key;
    std::string cookie;
    std::string dacapo_position;
    std::string origin;
    std::string traceparent;
    std::string user_agent;
    std::string accept_encoding;

    std::string remote_address;
    std::string request_id;
    // What a handler leaves for the security log, where the answer alone would not tell it.
    std::optional<SecurityNote> security;
    bool forwarded = false;  // by another server of the cluster, which must not be asked again

    void clear();  // for the next request of the connection; keeps the strings' storage

    std::optional<std::string_view> query_value(std::string_view key) const {
        for (const auto& [name, value] : query)
            if (name == key) return value;
        return std::nullopt;
    }
};

struct Response {
    int status = 200;
    std::string_view content_type = "application/json";
    std::vector<std::pair<std::string, std::string>> headers;  // set through set_header()
    std::string body;
    std::shared_ptr<const std::string> shared_body;  // used instead of `body` when set (cached answers)
    std::string problem_code;                        // of a problem that was made here

    // Throws std::invalid_argument for CR, LF or NUL in either: response splitting stops here.
    void set_header(std::string_view name, std::string_view value);
    std::string_view content() const {
        return shared_body ? std::string_view(*shared_body) : std::string_view(body);
    }
};

// "Not Found" and so on; "Unknown" for a status that has no name.
std::string_view reason_of(int status);

// If-None-Match (RFC 9110 13.1.2): a list of tags or `*`, compared weakly. Also right for If-Match where weak
// tags never occur. `etag` is as sent in ETag, quotes included.
bool etag_matches(std::string_view if_none_match, std::string_view etag);

}  // namespace dacapo::http
