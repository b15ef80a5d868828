#include "infra/http/message.hpp"

#include "infra/http/origin.hpp"
#include "infra/http/problem.hpp"
#include "infra/http/response_writer.hpp"
#include "infra/http/utf8.hpp"
#include "infra/http/wheel.hpp"

#include <doctest/doctest.h>
#include <boost/json.hpp>
#include <stdexcept>

using namespace dacapo::http;

namespace {

std::string written(const Response& response, bool head_only = false) {
    std::string out;
    ResponseFacts facts;
    facts.date = "Sun, 06 Nov 1994 08:49:37 GMT";
    facts.request_id = "r1";
    facts.head_only = head_only;
    write_response(response, facts, out);
    return out;
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a header that would split the response is refused") {
    Response response;
    for (const std::string& bad :
         {std::string("a\r\nSet-Cookie: x"), std::string("a\nb"), std::string("a\0b", 3)}) {
        CHECK_THROWS_AS(response.set_header("Location", bad), std::invalid_argument);
        CHECK_THROWS_AS(response.set_header(bad, "x"), std::invalid_argument);
    }
    CHECK(response.headers.empty());
    response.set_header("Location", "/events/1");
    CHECK(response.headers.size() == 1);
}

TEST_CASE("etags are compared weakly and in lists") {
    CHECK(etag_matches("\"v1\"", "\"v1\""));
    CHECK(etag_matches("W/\"v1\"", "\"v1\""));
    CHECK(etag_matches("\"v1\"", "W/\"v1\""));
    CHECK(etag_matches("\"a\", \"b,c\" , W/\"d\"", "\"b,c\""));
    CHECK(etag_matches("\"a\",\"d\"", "\"d\""));
    CHECK(etag_matches("*", "\"anything\""));
    CHECK_FALSE(etag_matches("", "\"v1\""));
    CHECK_FALSE(etag_matches("\"v2\"", "\"v1\""));
    CHECK_FALSE(etag_matches("v1", "\"v1\""));
    CHECK_FALSE(etag_matches("\"v1", "\"v1\""));
}

TEST_CASE("a problem becomes RFC 9457 JSON with every member") {
    Request request;
    request.path = "/events/33";
    request.request_id = "abc";
    Problem problem(422, "invalid", "Two fields are wrong.",
                    {{"/title", "too_long", "At most 200 characters."}});
    problem.headers.emplace_back("Retry-After", "1");
    const auto response = to_response(problem, request);
    CHECK(response.status == 422);
    CHECK(response.content_type == "application/problem+json");
    CHECK(response.headers.at(0).first == "Retry-After");
    const auto json = boost::json::parse(response.body).as_object();
    CHECK(json.at("type") == "/docs#problem-invalid");
    CHECK(json.at("title") == "Unprocessable Content");
    CHECK(json.at("status") == 422);
    CHECK(json.at("detail") == "Two fields are wrong.");
    CHECK(json.at("instance") == "/events/33");
    CHECK(json.at("code") == "invalid");
    CHECK(json.at("request_id") == "abc");
    CHECK(json.at("errors").as_array().at(0).at("pointer") == "/title");
}

TEST_CASE("the instance of a problem is the path, and names no other host") {
    const auto instance = [](const std::string& path) {
        Request request;
        request.path = path;
        const auto response = to_response(Problem(404, "not_found", "Nothing is here."), request);
        return boost::json::parse(response.body).at("instance").as_string();
    };
    CHECK(instance("/") == "/");
    CHECK(instance("/a b/\xC3\xA9%?#\"") == "/a%20b/%C3%A9%25%3F%23%22");
    CHECK(instance("//elsewhere.example/x") == "/.//elsewhere.example/x");
    CHECK(instance("//[") == "/.//%5B");
}

TEST_CASE("every response carries the security fields and is not stored") {
    Response response;
    response.body = "{}";
    const auto bytes = written(response);
    CHECK(bytes.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(contains(bytes, "\r\nServer: dacapo\r\n"));
    CHECK(contains(bytes, "\r\nX-Content-Type-Options: nosniff\r\n"));
    CHECK(contains(bytes, "\r\nContent-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"));
    CHECK(contains(bytes, "\r\nReferrer-Policy: no-referrer\r\n"));
    CHECK(contains(bytes, "\r\nCross-Origin-Resource-Policy: "));
    CHECK(contains(bytes, "\r\nCache-Control: no-store\r\n"));
    CHECK(contains(bytes, "\r\nVary: Origin\r\n"));
    CHECK(contains(bytes, "\r\nX-Request-Id: r1\r\n"));
    CHECK(contains(bytes, "\r\nContent-Type: application/json\r\n"));
    CHECK(contains(bytes, "\r\nContent-Length: 2\r\n"));
    CHECK(bytes.ends_with("\r\n\r\n{}"));
}

TEST_CASE("a handler's own cache and content policy win") {
    Response response;
    response.set_header("cache-control", "public, max-age=60");
    response.set_header("Content-Security-Policy", "default-src 'self'");
    const auto bytes = written(response);
    CHECK_FALSE(contains(bytes, "no-store"));
    CHECK_FALSE(contains(bytes, "default-src 'none'"));
}

TEST_CASE("204 and 304 have no body and HEAD only its length") {
    Response response;
    response.body = "{}";
    for (const int status : {204, 304}) {
        response.status = status;
        const auto bytes = written(response);
        CHECK(bytes.ends_with("\r\n\r\n"));
        CHECK_FALSE(contains(bytes, "Content-Length"));
    }
    response.status = 200;
    const auto bytes = written(response, true);
    CHECK(bytes.ends_with("\r\n\r\n"));
    CHECK(contains(bytes, "Content-Length: 2\r\n"));
}

TEST_CASE("a shared body is sent in place of the own one") {
    Response response;
    response.body = "own";
    response.shared_body = std::make_shared<const std::string>("shared");
    CHECK(written(response).ends_with("\r\n\r\nshared"));
}

TEST_CASE("dates are written as RFC 9110 has them") {
    CHECK(http_date(784111777) == "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST_CASE("only listed origins are allowed") {
    const OriginPolicy policy({"https://dacapo.example", "https://two.example/"}, false);
    CHECK(policy.allows("https://dacapo.example"));
    CHECK(policy.allows("https://two.example"));
    for (const char* other :
         {"", "null", "https://dacapo.example.evil.example", "https://evil-dacapo.example",
          "http://dacapo.example", "https://dacapo.example:8443", "http://localhost:3000"}) {
        CAPTURE(other);
        CHECK_FALSE(policy.allows(other));
    }
}

TEST_CASE("in development every port of this machine is allowed and nothing that only looks like it") {
    const OriginPolicy policy({}, true);
    for (const char* local : {"http://localhost", "http://localhost:5173", "http://127.0.0.1:3000"}) {
        CAPTURE(local);
        CHECK(policy.allows(local));
    }
    for (const char* other :
         {"https://localhost", "http://localhost.evil.example", "http://localhost:80.evil.example",
          "http://localhost:", "http://127.0.0.10", "http://localhost:123456", "null", ""}) {
        CAPTURE(other);
        CHECK_FALSE(policy.allows(other));
    }
}

TEST_CASE("UTF-8 is checked to the byte") {
    for (const char* good :
         {"", "abc", "d\xC3\xA9j\xC3\xA0 vu", "\xE2\x82\xAC", "\xF0\x9F\x8E\xB8", "\xED\x9F\xBF",
          "\xF4\x8F\xBF\xBF", "a long enough line of plain text \xC3\xA9"}) {
        CAPTURE(good);
        CHECK(is_utf8(good));
    }
    for (const char* bad :
         {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF0\x80\x80\x80",
          "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xC3", "\xE2\x82", "\xC3(", "12345678\xFF"}) {
        CAPTURE(bad);
        CHECK_FALSE(is_utf8(bad));
    }
    Utf8Check pieces;
    CHECK(pieces.feed("\xF0\x9F"));
    CHECK_FALSE(pieces.complete());
    CHECK(pieces.feed("\x8E\xB8"));
    CHECK(pieces.complete());
}

namespace {

struct Counted : Timed {
    int due_count = 0;
    void on_due() override { ++due_count; }
};

}  // namespace

TEST_CASE("a deadline on the wheel passes once and not before its time") {
    Wheel wheel;
    Counted soon;
    Counted late;
    Counted moved;
    Counted dropped;
    wheel.arm(soon, 2);
    wheel.arm(late, 150);  // longer than the wheel is round
    wheel.arm(moved, 2);
    wheel.arm(dropped, 2);
    wheel.disarm(dropped);
    for (int second = 1; second <= 2; ++second) wheel.turn();
    CHECK(soon.due_count == 0);
    wheel.arm(moved, 10);
    wheel.turn();
    CHECK(soon.due_count == 1);
    CHECK(moved.due_count == 0);
    for (int second = 4; second <= 13; ++second) wheel.turn();
    CHECK(moved.due_count == 1);
    for (int second = 14; second <= 150; ++second) wheel.turn();
    CHECK(late.due_count == 0);
    wheel.turn();
    CHECK(late.due_count == 1);
    CHECK(soon.due_count == 1);
    CHECK(dropped.due_count == 0);
}

TEST_CASE("a deadline on the wheel may also move nearer") {
    Wheel wheel;
    Counted timed;
    wheel.arm(timed, 50);
    wheel.arm(timed, 1);
    wheel.turn();
    wheel.turn();
    CHECK(timed.due_count == 1);
}
