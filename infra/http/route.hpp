// One registered route: how it is reached, who may use it, what goes in and comes out, and the handler.
// From this one entry come dispatch, authentication, validation, Allow and CORS answers, and the API
// document.
#pragma once

#include "infra/http/message.hpp"

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

namespace dacapo::http {

enum class Access {
    open,      // no token needed; a token is not looked at
    optional,  // no token needed; a valid one tells who the viewer is, a bad one is 401
    user,      // a token is needed
};

struct Parameter {
    std::string name;
    std::string schema;  // JSON Schema, as text
    std::string description;
};

struct ResponseDoc {
    int status = 200;
    std::string description;
    std::string schema;                             // JSON Schema as text; empty: no body
    std::vector<std::string> codes;                 // for a problem: the `code`s it may carry
    std::string content_type = "application/json";  // of a success; a problem has its own
    std::string example = {};  // of a success, as JSON text; empty: that of the schema it names
};

using Handler = std::function<boost::asio::awaitable<Response>(Request&)>;

struct Route {
    Method method = Method::get;
    std::string
        pattern;  // "/events/{event_id}"; every path also answers under /api and with a trailing slash
    std::string operation_id;  // unique, camelCase
    std::string tag;
    std::string summary;
    std::string description;
    Access access = Access::open;
    bool command = false;    // answers Dacapo-Position
    bool keyed = true;       // a command that takes Idempotency-Key; where not, it is not looked at
    bool creates = false;    // answers Location
    bool internal = false;   // for servers of the cluster: in no document
    bool elsewhere = false;  // of a server with another role: known here, so that it is 421 and not 404
    bool counted = true;     // by the rate limits; not what operators and their machines ask again and again
    std::vector<Parameter> query;
    std::string body_schema;    // JSON Schema as text; empty: no body is read
    bool body_required = true;  // for the document: a route may do without the body it takes
    std::string body_example;
    std::size_t body_bytes_max = 64 * 1024;
    std::vector<ResponseDoc> responses;
    Handler handler;
};

// Joins the tables of several features.
inline void append(std::vector<Route>& routes, std::vector<Route> more) {
    std::move(more.begin(), more.end(), std::back_inserter(routes));
}

}  // namespace dacapo::http
