// Servers of one role alone, without the proxy that sends each request to the right one.
#include "tests/support/plain_server.hpp"

#include <doctest/doctest.h>

namespace dacapo::test {

TEST_CASE("a command server knows the paths of queries: the right method is 421 there, the wrong one 405") {
    PlainServer server({.command = true, .project = false, .query = false});
    CHECK(server.told("GET", "/users") == "421 wrong_role");
    CHECK(server.told("GET", "/docs") == "421 wrong_role");
    CHECK(server.told("DELETE", "/users") == "405 method_not_allowed GET, HEAD, OPTIONS");
    CHECK(server.told("POST", "/users/1") == "405 method_not_allowed GET, HEAD, OPTIONS");
    CHECK(server.told("QUERY", "/events") == "405 method_not_allowed GET, HEAD, POST, OPTIONS");
    for (const char* method : {"GET", "POST", "QUERY"})
        CHECK(server.told(method, "/nowhere") == "404 not_found");
    CHECK(server.told("GET", "/livez") == "200");
    CHECK(server.told("POST", "/login") == "415 unsupported_media_type");
}

TEST_CASE("a query server knows the paths of commands: the right method is 421 there, the wrong one 405") {
    PlainServer server({.command = false, .project = true, .query = true});
    CHECK(server.told("POST", "/login") == "421 wrong_role");
    CHECK(server.told("DELETE", "/events/1") == "421 wrong_role");
    CHECK(server.told("PUT", "/login") == "405 method_not_allowed POST, OPTIONS");
    CHECK(server.told("BREW", "/login") == "405 method_not_allowed POST, OPTIONS");
    CHECK(server.told("GET", "/users") == "200");
    CHECK(server.told("GET", "/livez") == "200");
}

}  // namespace dacapo::test
