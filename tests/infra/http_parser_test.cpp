#include "infra/http/request_parser.hpp"

#include <doctest/doctest.h>

using namespace dacapo::http;

namespace {

// What a connection does with bytes that all come at once.
struct Parsed {
    Request request;
    Head head;
    std::size_t used = 0;
    bool complete = false;

    int status() const { return head.error ? head.error->status : 0; }
};

Parsed parse(const std::string& bytes, std::size_t body_bytes_max = 1000, const Limits& limits = {}) {
    Parsed result;
    RequestParser parser(limits);
    const auto length = parser.find_head(bytes, result.head.error);
    if (result.head.error || length == 0) return result;
    parser.parse_head(std::string_view(bytes).substr(0, length), result.request, result.head);
    result.used = length;
    if (result.head.error) return result;
    result.used += parser.parse_body(std::string_view(bytes).substr(length), body_bytes_max, result.request,
                                     result.head.error);
    result.complete = parser.body_complete();
    return result;
}

std::string with(const std::string& fields, const std::string& body = {},
                 const std::string& line = "POST /a HTTP/1.1") {
    return line + "\r\nHost: x\r\n" + fields + "\r\n" + body;
}

}  // namespace

const std::string traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST_CASE("a request is taken apart") {
    const auto parsed = parse(with(
        "Authorization: Bearer t\r\nContent-Type: application/json\r\nIdempotency-Key: k1\r\nOrigin: "
        "http://o\r\n"
        "If-None-Match: \"a\"\r\nIf-None-Match: \"b\"\r\nCookie: a=1\r\nCookie: b=2\r\nX-Request-Id: rid\r\n"
        "traceparent: " +
            traceparent + "\r\nDacapo-Position: p\r\nUser-Agent: ua\r\nContent-Length: 4\r\n",
        "body", "POST /api/echo/?a=1 HTTP/1.1"));
    CHECK(parsed.status() == 0);
    CHECK(parsed.complete);
    CHECK(parsed.head.keep_alive);
    const auto& request = parsed.request;
    CHECK(request.method == Method::post);
    CHECK(request.path == "/echo");
    CHECK(request.query_value("a") == "1");
    CHECK(request.body == "body");
    CHECK(request.authorization == "Bearer t");
    CHECK(request.content_type == "application/json");
    CHECK(request.idempotency_key == "k1");
    CHECK(request.origin == "http://o");
    CHECK(request.if_none_match == "\"a\", \"b\"");
    CHECK(request.cookie == "a=1; b=2");
    CHECK(request.request_id == "rid");
    CHECK(request.traceparent == traceparent);
    CHECK(request.dacapo_position == "p");
    CHECK(request.user_agent == "ua");
}

TEST_CASE("a traceparent that is none, or one of several, is as if it were not there") {
    const auto taken = [](const std::string& fields) {
        const auto parsed = parse(with(fields));
        CHECK(parsed.status() == 0);
        return parsed.request.traceparent;
    };
    const auto field = "Traceparent: " + traceparent + "\r\n";
    CHECK(taken(field) == traceparent);
    CHECK(taken("traceparent: 00-x\r\n").empty());
    CHECK(taken("traceparent: \r\n").empty());
    CHECK(taken("traceparent: \xFF\r\n").empty());
    CHECK(taken(field + field).empty());
    CHECK(taken(field + field + field).empty());
    CHECK(taken("traceparent: 00-x\r\n" + field).empty());
    CHECK(taken(field + "traceparent: 00-x\r\n").empty());
}

TEST_CASE("a request may arrive byte by byte") {
    const auto bytes = with("Transfer-Encoding: chunked\r\n", "3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: 1\r\n\r\n");
    const Limits limits;
    RequestParser parser(limits);
    Request request;
    Head head;
    std::string seen;
    bool head_done = false;
    for (const char byte : bytes) {
        seen += byte;
        if (!head_done) {
            const auto length = parser.find_head(seen, head.error);
            REQUIRE_FALSE(head.error.has_value());
            if (length == 0) continue;
            parser.parse_head(seen, request, head);
            seen.clear();
            head_done = true;
        } else {
            seen.erase(0, parser.parse_body(seen, 1000, request, head.error));
            REQUIRE_FALSE(head.error.has_value());
        }
    }
    CHECK(parser.body_complete());
    CHECK(request.body == "abcde");
    CHECK(seen.empty());
}

TEST_CASE("the framing traps are refused") {
    const std::vector<std::pair<std::string, int>> table{
        {with("Transfer-Encoding: xchunked\r\n"), 501},
        {with("Transfer-Encoding: identity\r\n"), 501},
        {with("Transfer-Encoding: chunked, identity\r\n"), 400},
        {with("Transfer-Encoding: gzip, chunked\r\n"), 501},
        {with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400},
        {with("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n"), 400},
        {with("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"), 400},
        {with("Transfer-Encoding: xchunked\r\nContent-Length: 3\r\n"), 501},
        {with("Transfer-Encoding: chunked\r\n", {}, "POST /a HTTP/1.0"), 400},
        {with("Content-Length: 3\r\nContent-Length: 4\r\n"), 400},
        {with("Content-Length: +3\r\n"), 400},
        {with("Content-Length: 0x3\r\n"), 400},
        {with("Content-Length: -1\r\n"), 400},
        {with("Content-Length: 99999999999999999999999\r\n"), 400},
        {with("Content-Length : 3\r\n"), 400},
        {with("Folded: a\r\n b\r\n"), 400},
        {with("Folded: a\r\n\tb\r\n"), 400},
        {with("Bad name: a\r\n"), 400},
        {with(std::string("Nul: a\0b\r\n", 10)), 400},
        {with("Bare: a\rb\r\n"), 400},
        {"GET /a HTTP/1.1\nHost: x\n\n", 400},
        {"GET /a HTTP/1.1\r\n\r\n", 400},
        {"GET /a HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", 400},
        {"GET /a HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
        {"GET /a HTTP/1.1\r\nHost:\r\n\r\n", 400},
        {"GET /a HTTP/1.2\r\nHost: x\r\n\r\n", 505},
        {"GET /a HTTP/2.0\r\nHost: x\r\n\r\n", 505},
        {"GET /a\r\nHost: x\r\n\r\n", 400},
        {"GET  /a HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        {"CONNECT a:80 HTTP/1.1\r\nHost: x\r\n\r\n", 405},
        {"\r\n\r\nGET /a HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        {with("Expect: a-miracle\r\n"), 417},
        {with("Authorization: Bearer a\r\nAuthorization: Bearer b\r\n"), 400},
        {with("Content-Type: a\r\nContent-Type: b\r\n"), 400},
        {with("Idempotency-Key: \xFF\r\n"), 400},
        {with("Transfer-Encoding: chunked\r\n", "x\r\nabc\r\n"), 400},
        {with("Transfer-Encoding: chunked\r\n", "-1\r\nabc\r\n"), 400},
        {with("Transfer-Encoding: chunked\r\n", "3\r\nabcd\r\n0\r\n\r\n"), 400},
        {with("Transfer-Encoding: chunked\r\n", "fffffffffffffffff\r\n"), 400},
    };
    for (const auto& [bytes, status] : table) {
        CAPTURE(bytes);
        CHECK(parse(bytes).status() == status);
    }
}

TEST_CASE("a method that no route can have is told apart, and its path is read") {
    for (const char* method : {"BREW", "TRACE", "QUERY", "PROPFIND", "get"}) {
        CAPTURE(method);
        const auto parsed =
            parse(with("Content-Length: 4\r\n", "body", std::string(method) + " /api/a/ HTTP/1.1"));
        CHECK(parsed.status() == 0);
        CHECK(parsed.complete);
        CHECK(parsed.request.method == Method::other);
        CHECK(parsed.request.path == "/a");
    }
}

TEST_CASE("odd but allowed forms are read") {
    CHECK(parse("\r\nGET /a HTTP/1.1\r\nHost: x\r\n\r\n").request.path == "/a");
    CHECK(parse(with("transfer-encoding: CHUNKED\r\n", "0\r\n\r\n")).complete);
    CHECK(parse("GET /a HTTP/1.1\r\nHOST: x\r\n\r\n").status() == 0);
    CHECK(parse("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n").request.path == "*");
    CHECK_FALSE(parse("GET /a HTTP/1.0\r\nHost: x\r\n\r\n").head.keep_alive);
    CHECK(parse("GET /a HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n\r\n").head.keep_alive);
    CHECK_FALSE(parse("GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").head.keep_alive);
    CHECK(parse(with("Expect: 100-Continue\r\nContent-Length: 1\r\n")).head.expects_continue);
}

TEST_CASE("each limit holds to the unit") {
    Limits limits;
    const auto get = [](std::size_t target_bytes, std::size_t field_count) {
        std::string bytes = "GET /" + std::string(target_bytes - 1, 'a') + " HTTP/1.1\r\nHost: x\r\n";
        for (std::size_t at = 1; at < field_count; ++at) bytes += "X: 1\r\n";
        return bytes + "\r\n";
    };
    CHECK(parse(get(limits.target_bytes_max, 1)).status() == 0);
    CHECK(parse(get(limits.target_bytes_max + 1, 1)).status() == 414);
    CHECK(parse(get(limits.header_bytes_max * 2, 1)).status() == 414);
    CHECK(parse(get(1, limits.field_count_max)).status() == 0);
    CHECK(parse(get(1, limits.field_count_max + 1)).status() == 431);

    const auto padded = [](std::size_t header_bytes) {
        const auto rest = with("Pad: \r\n").size();
        return with("Pad: " + std::string(header_bytes - rest, 'p') + "\r\n");
    };
    CHECK(parse(padded(limits.header_bytes_max)).status() == 0);
    CHECK(parse(padded(limits.header_bytes_max + 1)).status() == 431);

    const auto body = [](std::size_t bytes) {
        return with(
            "Transfer-Encoding: chunked\r\n", "1\r\na\r\n" + [&] {
                char size[32];
                std::snprintf(size, sizeof size, "%zx\r\n", bytes - 1);
                return std::string(size) + std::string(bytes - 1, 'b') + "\r\n0\r\n\r\n";
            }());
    };
    CHECK(parse(body(1000)).complete);
    CHECK(parse(body(1001)).status() == 413);

    const auto trailer = [](std::size_t bytes) {
        return with("Transfer-Encoding: chunked\r\n", "0\r\nT: " + std::string(bytes, 't') + "\r\n\r\n");
    };
    CHECK(parse(trailer(1000)).complete);
    CHECK(parse(trailer(70'000)).status() == 431);
    const auto extension = with("Transfer-Encoding: chunked\r\n", "1;e=" + std::string(100'000, 'e'));
    CHECK(parse(extension).status() == 431);
}

TEST_CASE("many small chunks count as overhead") {
    std::string chunks;
    for (int count = 0; count < 5000; ++count) chunks += "1\r\na\r\n";
    CHECK(parse(with("Transfer-Encoding: chunked\r\n", chunks), 100'000).status() == 431);
}

TEST_CASE("a trailer changes nothing that was said before the body") {
    const auto parsed = parse(with("Transfer-Encoding: chunked\r\n",
                                   "1\r\na\r\n0\r\nAuthorization: Bearer stolen\r\nHost: y\r\nOrigin: z\r\n"
                                   "Content-Type: q\r\nX-Request-Id: w\r\n\r\n"));
    CHECK(parsed.complete);
    CHECK(parsed.request.authorization.empty());
    CHECK(parsed.request.origin.empty());
    CHECK(parsed.request.content_type.empty());
    CHECK(parsed.request.request_id.empty());
    CHECK(parsed.head.host == "x");
}

TEST_CASE("the next request begins where the body ends") {
    const auto first = with("Content-Length: 4\r\n", "GET ");
    const auto parsed = parse(first + "GET /b HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK(parsed.complete);
    CHECK(parsed.used == first.size());
}
