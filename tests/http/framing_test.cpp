// Requests as no client library would send them: smuggled, oversized, cut short. Each is refused, the
// connection ends where nobody could know what follows, and nothing is recorded.
#include "tests/support/running_server.hpp"

#include <doctest/doctest.h>

namespace dacapo::test {
namespace {

struct Raw {
    std::string what;
    std::string bytes;
    std::string told;
};

std::string told(const HttpAnswer& answer) { return Answer{answer}.told(); }

class Wires {
public:
    Wires() : zoe_(server.person("zoe")), head_(0) {
        server.person("malik");
        head_ = server.log_head();
    }
    std::string authorization() const { return "Authorization: Bearer " + zoe_.token + "\r\n"; }
    // A message from zoe to malik with these fields in its head.
    std::string post(const std::string& fields, const std::string& body) const {
        return "POST /messages/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" +
               authorization() + fields + "\r\n" + body;
    }
    void check(const Raw& raw) {
        const auto answer = send_raw(server.port(), raw.bytes);
        CHECK_MESSAGE(told(answer) == raw.told, raw.what);
        CHECK_MESSAGE(answer.header("Content-Type") == "application/problem+json", raw.what);
    }
    bool nothing_recorded() { return server.log_head() == head_; }

    RunningServer server;

private:
    Person zoe_;
    std::int64_t head_;
};

const std::string body = R"({"content":"x","receiver_id":2})";
const std::string length = "Content-Length: " + std::to_string(body.size()) + "\r\n";
const std::string chunk = "1f\r\n" + body + "\r\n";

TEST_CASE("ambiguous framing is refused" *
          one_server_only("the proxy refuses or mends such requests before a server sees them")) {
    REQUIRE(body.size() == 0x1f);
    Wires wires;
    for (const auto& raw : std::vector<Raw>{
             {"xchunked", wires.post("Transfer-Encoding: xchunked\r\n", chunk + "0\r\n\r\n"),
              "501 unsupported_transfer_encoding"},
             {"gzip and chunked", wires.post("Transfer-Encoding: gzip, chunked\r\n", chunk + "0\r\n\r\n"),
              "501 unsupported_transfer_encoding"},
             {"identity", wires.post("Transfer-Encoding: identity\r\n", body),
              "501 unsupported_transfer_encoding"},
             {"chunked twice",
              wires.post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", chunk),
              "400 bad_transfer_encoding"},
             {"chunked with a length",
              wires.post("Transfer-Encoding: chunked\r\n" + length, chunk + "0\r\n\r\n"),
              "400 bad_transfer_encoding"},
             {"a length with chunked",
              wires.post(length + "Transfer-Encoding: chunked\r\n", chunk + "0\r\n\r\n"),
              "400 bad_transfer_encoding"},
             {"two lengths", wires.post(length + "Content-Length: 4\r\n", body), "400 bad_transfer_encoding"},
             {"a negative length", wires.post("Content-Length: -1\r\n", body), "400 bad_transfer_encoding"},
             {"a length of letters", wires.post("Content-Length: abc\r\n", body),
              "400 bad_transfer_encoding"},
             {"a bad chunk size", wires.post("Transfer-Encoding: chunked\r\n", "zz\r\n" + body),
              "400 malformed_request"},
             {"two Host fields", "GET /users/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400 bad_host"},
             {"no Host", "GET /users/ HTTP/1.1\r\n\r\n", "400 bad_host"},
             {"a folded field", "GET /users/ HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n",
              "400 malformed_request"},
             {"a space before the colon", "GET /users/ HTTP/1.1\r\nHost : a\r\n\r\n",
              "400 malformed_request"},
             {"bare line feeds", "GET /users/ HTTP/1.1\nHost: a\n\n", "400 malformed_request"},
             {"two tokens", wires.post(wires.authorization() + length, body), "400 duplicate_header"},
             {"HTTP/2.0", "GET /users/ HTTP/2.0\r\nHost: a\r\n\r\n", "505 http_version_not_supported"},
             {"not HTTP", "\x16\x03\x01 hello\r\n\r\n", "400 malformed_request"},
             {"a path that climbs", "GET /users/../events HTTP/1.1\r\nHost: a\r\n\r\n", "400 bad_target"},
             {"a slash in disguise", "GET /users%2f1 HTTP/1.1\r\nHost: a\r\n\r\n", "400 bad_target"},
             {"invalid UTF-8 in a path", "GET /users/%C3%28 HTTP/1.1\r\nHost: a\r\n\r\n", "400 bad_target"},
             {"another host in the target", "GET http://b/users HTTP/1.1\r\nHost: a\r\n\r\n",
              "421 wrong_host"},
         })
        wires.check(raw);
    CHECK(wires.nothing_recorded());
}

TEST_CASE("what is too large is refused by its own limit" *
          one_server_only("the proxy refuses or mends such requests before a server sees them")) {
    Wires wires;
    const std::string megabyte(1024 * 1024, 'x');
    std::string fields;
    for (int i = 0; i < 101; ++i) fields += "X-" + std::to_string(i) + ": 1\r\n";
    for (const auto& raw : std::vector<Raw>{
             {"1 MB", wires.post("Content-Length: 1048576\r\n", megabyte), "413 body_too_large"},
             {"1 MB in a chunk", wires.post("Transfer-Encoding: chunked\r\n", "100000\r\n" + megabyte),
              "413 body_too_large"},
             {"1 TB announced", wires.post("Content-Length: 1099511627776\r\n", ""), "413 body_too_large"},
             {"1 MB to nowhere",
              "POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 1048576\r\n\r\n" + megabyte,
              "413 body_too_large"},
             {"70 KB of trailers",
              wires.post("Transfer-Encoding: chunked\r\n",
                         chunk + "0\r\nX: " + std::string(70'000, 'x') + "\r\n\r\n"),
              "431 headers_too_large"},
             {"70 KB of chunk extensions",
              wires.post("Transfer-Encoding: chunked\r\n",
                         "1f;" + std::string(70'000, 'x') + "\r\n" + body + "\r\n"),
              "431 headers_too_large"},
             {"70 KB of head",
              "GET /users/ HTTP/1.1\r\nHost: a\r\nX: " + std::string(70'000, 'x') + "\r\n\r\n",
              "431 headers_too_large"},
             {"101 fields", "GET /users/ HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n", "431 too_many_headers"},
             {"a long path", "GET /" + std::string(5000, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n",
              "414 target_too_long"},
         })
        wires.check(raw);
    CHECK(wires.nothing_recorded());
}

TEST_CASE("a trailer cannot bring a token" *
          one_server_only("the proxy refuses or mends such requests before a server sees them")) {
    Wires wires;
    const auto bytes =
        "POST /messages/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "Transfer-Encoding: chunked\r\nTrailer: Authorization\r\n\r\n" +
        chunk + "0\r\n" + wires.authorization() + "\r\n";
    CHECK(told(send_raw(wires.server.port(), bytes)) == "401 token_missing");
    CHECK(wires.nothing_recorded());
}

TEST_CASE("what is smuggled behind a refused request is not answered" *
          one_server_only("the proxy refuses or mends such requests before a server sees them")) {
    Wires wires;
    const auto hidden = wires.post(length, body);
    HttpClient client(wires.server.port());
    client.wire().send(wires.post("Transfer-Encoding: xchunked\r\n", hidden));
    CHECK(client.read_answer().status == 501);
    CHECK(wires.nothing_recorded());
}

TEST_CASE("a request that is cut short is not carried out") {
    Wires wires;
    {
        Wire wire(wires.server.port());
        wire.send(wires.post("Content-Length: 100\r\n", body));
        wire.finish_sending();
        CHECK(wire.closes_within(patience));
    }
    {
        Wire wire(wires.server.port());
        wire.send(wires.post("Transfer-Encoding: chunked\r\n", chunk));
    }
    CHECK(wires.nothing_recorded());
}

TEST_CASE("chunked bodies and pipelined requests and Expect are answered") {
    Wires wires;
    CHECK(send_raw(wires.server.port(), wires.post("Transfer-Encoding: chunked\r\n", chunk + "0\r\n\r\n"))
              .status == 200);
    HttpClient client(wires.server.port());
    const auto one = wires.post(length, body);
    client.wire().send(one + one + one);
    for (int i = 0; i < 3; ++i) CHECK(client.read_answer().status == 200);
    client.wire().send(wires.post(length + "Expect: 100-continue\r\n", ""));
    client.wire().send(body);
    CHECK(client.read_answer().status == 200);
    client.wire().send("POST /messages/ HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n" + length + "\r\n");
    CHECK(client.read_answer().status == 401);  // before the body is sent
}

}  // namespace
}  // namespace dacapo::test
