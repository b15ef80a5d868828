// What RFC 9112 wants of a server, as raw bytes: the cases of h1spec, of both collections of that name, and
// the faults in a request's framing. One table: what is sent, and every status that comes back before the
// connection ends.
#include "tests/support/http_client.hpp"
#include "tests/support/toy_server.hpp"

#include <doctest/doctest.h>

using namespace dacapo;
using namespace dacapo::test;

namespace {

// Sent behind each row. It is answered where the row leaves the connection in order, and never read where it
// does not.
const std::string behind = "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

struct Row {
    std::string name;
    std::string bytes;
    std::vector<int> statuses;  // of all answers, that to `behind` included
};

std::string get(const std::string& fields, const std::string& line = "GET /hello HTTP/1.1") {
    return line + "\r\nHost: x\r\n" + fields + "\r\n";
}
std::string post(const std::string& fields, const std::string& body,
                 const std::string& line = "POST /echo HTTP/1.1") {
    return get(fields, line) + body;
}
const std::string chunked = "Transfer-Encoding: chunked\r\n";
const std::string chunks = "5\r\nhello\r\n0\r\n\r\n";
using Statuses = std::vector<int>;
const Statuses taken{200, 200};

std::vector<Row> request_lines() {
    return {
        {"a plain GET", get(""), taken},
        {"an absolute target", get("", "GET http://x/hello HTTP/1.1"), taken},
        {"another host's absolute target", get("", "GET http://y/hello HTTP/1.1"), {421}},
        {"OPTIONS of the server", get("", "OPTIONS * HTTP/1.1"), {204, 200}},
        {"an authority as target", get("", "CONNECT example.com:443 HTTP/1.1"), {405}},
        {"TRACE", get("", "TRACE /hello HTTP/1.1"), {405}},
        {"an unknown method", get("", "BREW /hello HTTP/1.1"), {405}},
        {"an unknown method on an unknown path", get("", "BREW /nowhere HTTP/1.1"), {404}},
        {"a method in lower case", get("", "get /hello HTTP/1.1"), {405}},
        {"HTTP/1.2", get("", "GET /hello HTTP/1.2"), {505}},
        {"HTTP/2.0", get("", "GET /hello HTTP/2.0"), {505}},
        {"HTTP/9.9", get("", "GET /hello HTTP/9.9"), {505}},
        {"no version", get("", "GET /hello"), {400}},
        {"no version and no fields", "GET /hello \r\n\r\n", {400}},
        {"words before the method", get("", "Extra lineGET /hello HTTP/1.1"), {505}},
        {"bytes of TLS", std::string("\x16\x03\x01\x02\x00\n hello", 12), {400}},
        {"a NUL in the path", get("", "GET /a%00 HTTP/1.1"), {400}},
        {"a path that climbs in disguise", get("", "GET /things/..%2f HTTP/1.1"), {400}},
        {"a path of 5,000 bytes", get("", "GET /" + std::string(5000, 'a') + " HTTP/1.1"), {414}},
        {"a path of 9,000 bytes", get("", "GET /" + std::string(9000, 'a') + " HTTP/1.1"), {414}},
    };
}

std::vector<Row> fields() {
    std::string flood;
    for (int i = 0; i < 101; ++i) flood += "X-H-" + std::to_string(i) + ": value\r\n";
    return {
        {"no Host", "GET /hello HTTP/1.1\r\n\r\n", {400}},
        {"no Host but a length", "GET /hello HTTP/1.1\r\nContent-Length: 5\r\n\r\n", {400}},
        {"two Host fields", get("Host: y\r\n"), {400}},
        {"a Host with a space", "GET /hello HTTP/1.1\r\nHost: bad host\r\n\r\n", {400}},
        {"a NUL in Host", std::string("GET /hello HTTP/1.1\r\nHost: lo\0cal\r\n\r\n", 37), {400}},
        {"a field name in any case, a tab, an empty value",
         "GET /hello HTTP/1.1\r\nhoSt:\tx\r\nempty:\r\n\r\n", taken},
        {"an empty value behind a space", get("X-Empty: \r\n"), taken},
        {"brackets in a field name", get("X-Invalid[]: test\r\n"), {400}},
        {"a space in a field name", get("Bad Header: value\r\n"), {400}},
        {"a space before the colon", "GET /hello HTTP/1.1\r\nHost : x\r\n\r\n", {400}},
        {"a control character in a value", get("X-Bad: test\x07\r\n"), {400}},
        // RFC 9112 5.2: a server refuses obs-fold with 400 or replaces it by spaces. Beast replaces it
        // without a word; we refuse, because a proxy in front may read such a field in another way.
        {"a folded line", "GET /hello HTTP/1.1\r\nHost: x\r\n  continued\r\n\r\n", {400}},
        {"a field folded with a tab", get("A: b\r\n\tc\r\n"), {400}},
        {"a bare CR as a line's end", "GET /hello HTTP/1.1\r\nHost: x\r\n\rSome-Header: Test\r\n\r\n", {400}},
        {"bare line feeds", "GET /hello HTTP/1.1\nHost: x\n\n", {400}},
        {"101 fields", get(flood), {431}},
        {"a field of 9,000 bytes", get("X-Big: " + std::string(9000, 'x') + "\r\n"), {431}},
    };
}

std::vector<Row> bodies() {
    const auto length = [](const std::string& value) {
        return post("Content-Length: " + value + "\r\n", "");
    };
    const auto encoded = [](const std::string& value) {
        return post("Transfer-Encoding: " + value + "\r\n", chunks);
    };
    return {
        {"a body of known length", post("Content-Length: 5\r\n", "hello"), taken},
        {"a chunked body", post(chunked, "c\r\nHellO world1\r\n0\r\n\r\n"), taken},
        {"chunked in HTTP/1.0", post(chunked, chunks, "POST /echo HTTP/1.0"), {400}},
        {"chunked and a length", post(chunked + "Content-Length: 5\r\n", chunks), {400}},
        {"a length and chunked, in varying case",
         post("content-LengtH: 5\r\nTransFer-Encoding: chunked\r\n", chunks),
         {400}},
        {"chunked in two fields", post(chunked + chunked, chunks), {400}},
        {"an unknown encoding", encoded("nonsense"), {501}},
        {"an unknown encoding that looks like chunked", encoded("xchunked"), {501}},
        {"an unknown encoding and a length",
         post("Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n", "hello"),
         {501}},
        {"identity", encoded("identity"), {501}},
        {"an encoding before chunked", encoded("gzip, chunked"), {501}},
        {"chunked, but not at the end", encoded("chunked, gzip"), {400}},
        {"chunked twice in one field", encoded("chunked, chunked"), {400}},
        {"two lengths", post("Content-Length: 5\r\nContent-Length: 7\r\n", "hello!!"), {400}},
        {"a length of letters", length("abc"), {400}},
        {"a negative length", length("-1234"), {400}},
        {"a negative length beyond any number", length("-123456789123456789123456789"), {400}},
        {"a length beyond any number", length("123456789123456789123456789"), {400}},
        {"a length of one byte more than the route takes",
         post("Content-Length: 1001\r\n", std::string(1001, 'b')),
         {413}},
        {"a chunk of one byte more than the route takes",
         post(chunked, "3e9\r\n" + std::string(1001, 'b')),
         {413}},
        {"a chunk size of letters", post(chunked, "Z\r\nhello\r\n0\r\n\r\n"), {400}},
        {"a chunk without its line end", post(chunked, "5\r\nhello0\r\n\r\n"), {400}},
        {"an expectation of a body",
         post("Content-Length: 5\r\nExpect: 100-continue\r\n", "hello"),
         {100, 200, 200}},
        {"an expectation without a body", get("Expect: 100-continue\r\n"), taken},
        {"an expectation of something else", get("Expect: a-miracle\r\n"), {417}},
    };
}

std::vector<Row> connections() {
    return {
        {"two requests on one connection", get("") + get(""), {200, 200, 200}},
        {"a HEAD", get("", "HEAD /hello HTTP/1.1"), taken},
        {"Connection: close", get("Connection: close\r\n"), {200}},
        {"HTTP/1.0", get("", "GET /hello HTTP/1.0"), {200}},
        {"HTTP/1.0 that stays", get("Connection: keep-alive\r\n", "GET /hello HTTP/1.0"), taken},
    };
}

Statuses statuses_in(const std::string& received) {
    Statuses statuses;
    constexpr std::string_view version = "HTTP/1.1 ";
    for (auto at = received.find(version); at != received.npos; at = received.find(version, at + 1)) {
        const auto status = received.substr(at + version.size(), 3);
        const bool in_a_sentence = status.find_first_not_of("0123456789") != status.npos;
        if (!in_a_sentence) statuses.push_back(std::stoi(status));
    }
    return statuses;
}

std::string said_to(ToyServer& server, const std::string& bytes) {
    Wire wire(server.port());
    wire.send(bytes);
    wire.finish_sending();
    return wire.receive_all();
}

}  // namespace

TEST_CASE("every conformance case gets its statuses and what is ambiguous ends the connection") {
    ToyServer server;
    for (const auto& rows : {request_lines(), fields(), bodies(), connections()})
        for (const auto& row : rows) {
            CAPTURE(row.name);
            const auto received = said_to(server, row.bytes + behind);
            CHECK(statuses_in(received) == row.statuses);
            if (row.statuses.size() > 1 || row.statuses.front() < 400) continue;
            CHECK(received.find("\r\nConnection: close\r\n") != std::string::npos);
            CHECK(received.find("\r\nContent-Length: ") != std::string::npos);
            CHECK(received.find("\r\nContent-Type: application/problem+json\r\n") != std::string::npos);
        }
    CHECK(server.internal_errors().empty());
}

TEST_CASE("a body comes back as it was sent and a HEAD brings none") {
    ToyServer server;
    for (const auto& row :
         {Row{"length", post("Content-Length: 5\r\n", "HellO"), {}},
          Row{"chunked", post(chunked, "2\r\nHe\r\n3;x=y\r\nllO\r\n0\r\nT: 1\r\n\r\n"), {}}})
        CHECK(send_raw(server.port(), row.bytes).body == "HellO");
    CHECK(said_to(server, get("Connection: close\r\n", "HEAD /hello HTTP/1.1")).ends_with("\r\n\r\n"));
}

TEST_CASE("a request that is cut anywhere is waited for") {
    http::ListenerOptions options;
    options.thread_count = 1;
    ToyServer server(options);
    const auto whole = get("X-Field: value\r\n");
    std::vector<Wire> wires;
    for (std::size_t cut = 1; cut < whole.size(); ++cut)
        wires.emplace_back(server.port()).send(whole.substr(0, cut));
    // The one thread that has answered this one has seen all the beginnings.
    CHECK(HttpClient(server.port()).request("GET", "/hello").status == 200);
    for (std::size_t cut = 1; cut < whole.size(); ++cut) {
        CAPTURE(cut);
        auto& wire = wires[cut - 1];
        CHECK(wire.buffer().empty());
        wire.send(whole.substr(cut));
        wire.finish_sending();
        CHECK(statuses_in(wire.receive_all()) == Statuses{200});
    }
}
