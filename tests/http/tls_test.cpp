// HTTPS and WebSockets through TLS: what is spoken, what is refused, and certificates that change while
// serving.
#include "tests/support/certificates.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/running_server.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/toy_server.hpp"

#include <doctest/doctest.h>
#include <openssl/ssl.h>
#include <atomic>
#include <fstream>
#include <future>
#include <set>
#include <thread>

namespace dacapo::test {
namespace {

struct Secured {
    explicit Secured(http::Limits limits = {}) {
        make_certificate("first", folder / "cert.pem", folder / "key.pem");
        std::filesystem::copy_file(folder / "cert.pem", folder / "first.pem");
        http::ListenerOptions options;
        options.tls = {folder / "cert.pem", folder / "key.pem"};
        options.limits = limits;
        server.emplace(std::move(options));
    }
    TlsOptions trusting(const std::string& file = "first.pem") const { return {folder / file, 0, {}, {}}; }
    std::uint16_t port() const { return server->port(); }

    TemporaryFolder folder;
    std::optional<ToyServer> server;
};

bool connects(std::uint16_t port, const TlsOptions& options) {
    try {
        const Wire wire(port, options);
        return true;
    } catch (const std::runtime_error&) {
        return false;
    }
}

std::string subject_shown(std::uint16_t port, const TlsOptions& options) {
    return Wire(port, options).tls().subject();
}

TEST_CASE("requests through TLS are answered, and browsers are told to stay with it") {
    Secured secured;
    HttpClient client(secured.port(), secured.trusting());
    for (int round = 0; round < 3; ++round) {
        const auto answer = client.request("GET", "/hello");
        CHECK(answer.status == 200);
        CHECK(answer.header("Strict-Transport-Security") == "max-age=31536000; includeSubDomains");
    }
    CHECK(client.request("GET", "/nowhere").header("Strict-Transport-Security") != "");
    CHECK(secured.server->listener().counts().connections == 1);
    ToyServer plain;
    CHECK_FALSE(HttpClient(plain.port()).request("GET", "/hello").has_header("Strict-Transport-Security"));
}

TEST_CASE("behind a proxy that ends TLS browsers are told to stay with it, too" *
          one_server_only("the servers of a cluster are told so by the same setting")) {
    for (const bool secure : {true, false}) {
        RunningServer server(Flags{{"public-url", secure ? "https://api.example" : "http://api.example"}});
        const auto tells = [&](const HttpAnswer& answer) {
            return answer.header("Strict-Transport-Security") == "max-age=31536000; includeSubDomains";
        };
        CHECK(tells(Client(server).get("/health")) == secure);
        CHECK(tells(Client(server).get("/nowhere")) == secure);
        CHECK(tells(send_raw(server.port(), "no request\r\n\r\n")) == secure);
    }
}

TEST_CASE("long bodies go both ways, also when the client reads late") {
    Secured secured;
    HttpClient client(secured.port(), secured.trusting());
    const std::string body(1024 * 1024, 'b');
    CHECK((client.request("GET", "/shared").body == std::string(100 * 1024, 's')));
    CHECK(client.request("POST", "/big", {{"Content-Type", "text/plain"}}, body).body == body);
    const auto expected = HttpClient(secured.port(), secured.trusting()).request("GET", "/large").body;
    CHECK(expected.size() >= 2'000'000);
    // Ten of them at once are more than the kernel holds between the two, so the server must wait for the
    // client.
    std::string requests;
    for (int i = 0; i < 10; ++i) requests += "GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n";
    client.wire().send(requests);
    for (int i = 0; i < 10; ++i) CHECK(client.read_answer().body == expected);
}

TEST_CASE("TLS 1.2 and 1.3 are spoken, nothing older, and only with forward secrecy") {
    Secured secured;
    auto options = secured.trusting();
    CHECK(Wire(secured.port(), options).tls().version() == "TLSv1.3");
    options.version = TLS1_2_VERSION;
    CHECK(Wire(secured.port(), options).tls().version() == "TLSv1.2");
    for (const char* good : {"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"}) {
        options.ciphers = good;
        CHECK_MESSAGE(connects(secured.port(), options), good);
    }
    for (const char* weak :
         {"ECDHE-ECDSA-AES128-SHA", "AES128-SHA", "NULL", "aNULL", "ECDHE-ECDSA-AES256-CCM8"}) {
        options.ciphers = weak;
        CHECK_FALSE_MESSAGE(connects(secured.port(), options), weak);
    }
    options.ciphers.clear();
    for (const int old : {TLS1_VERSION, TLS1_1_VERSION}) {
        options.version = old;
        CHECK_FALSE_MESSAGE(connects(secured.port(), options), old);
    }
}

// A hello of TLS 1.2 by hand, for OpenSSL as Debian has it knows no compression: it offers DEFLATE and none.
std::string hello_with_compression() {
    const auto u16 = [](std::size_t n) {
        return std::string{static_cast<char>(n >> 8), static_cast<char>(n & 0xFF)};
    };
    const auto sized = [&](const std::string& text) { return u16(text.size()) + text; };
    const auto extension = [&](std::size_t type, const std::string& text) { return u16(type) + sized(text); };
    const std::string extensions = extension(10, sized(u16(0x001D) + u16(0x0017))) +  // x25519, secp256r1
                                   extension(11, std::string("\x01\x00", 2)) +        // points uncompressed
                                   extension(13, sized(u16(0x0403) + u16(0x0804)));   // ECDSA, RSA-PSS
    const std::string body = u16(0x0303) + std::string(32, 'r') + std::string(1, '\0') +
                             sized(u16(0xC02B) + u16(0xC02F)) + std::string("\x02\x01\x00", 3) +
                             sized(extensions);
    const std::string handshake = std::string("\x01\x00", 2) + sized(body);
    return std::string("\x16\x03\x01", 3) + sized(handshake);
}

TEST_CASE("of the compressions that a client offers none is chosen") {
    Secured secured;
    Wire wire(secured.port());
    wire.send(hello_with_compression());
    // Record header (5), handshake header (4), version (2), random (32), session id, cipher suite (2),
    // compression (1).
    constexpr std::size_t session_id_at = 5 + 4 + 2 + 32;
    auto& answer = wire.buffer();
    while (answer.size() < 128) REQUIRE(wire.receive_more());
    REQUIRE(answer[0] == 0x16);
    REQUIRE(answer[5] == 0x02);  // ServerHello
    const auto session_id_size = static_cast<unsigned char>(answer[session_id_at]);
    CHECK(answer[session_id_at + 1 + session_id_size + 2] == 0);
}

TEST_CASE("a client that wants to negotiate again on its connection is refused, and nobody else is") {
    Secured secured;
    auto options = secured.trusting();
    options.version = TLS1_2_VERSION;
    HttpClient client(secured.port(), options);
    REQUIRE(client.request("GET", "/hello").status == 200);
    CHECK_FALSE(client.wire().tls().renegotiate());
    CHECK(HttpClient(secured.port(), options).request("GET", "/hello").status == 200);
    CHECK(secured.server->internal_errors().empty());
}

TEST_CASE("of the protocols that a client offers HTTP/1.1 is chosen, and none that is not spoken") {
    Secured secured;
    auto options = secured.trusting();
    options.protocols = "\x02h2\x08http/1.1";
    CHECK(Wire(secured.port(), options).tls().protocol() == "http/1.1");
    options.protocols = "\x02h2";
    CHECK(Wire(secured.port(), options).tls().protocol() == "");
}

TEST_CASE("plain HTTP on the TLS port gets no answer, and neither does noise") {
    Secured secured;
    for (const std::string& bytes :
         {std::string("GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"), std::string(5000, 'x'),
          std::string("\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00", 10)}) {
        Wire wire(secured.port());
        wire.send(bytes);
        CHECK(wire.closes_within(patience));
        CHECK(wire.buffer().find("HTTP/") == std::string::npos);
    }
    CHECK(HttpClient(secured.port(), secured.trusting()).request("GET", "/hello").status == 200);
    CHECK(secured.server->internal_errors().empty());
}

TEST_CASE("a client that does not finish its handshake is let go, and holds nobody else up") {
    http::Limits limits;
    limits.tls_handshake_s = 1;
    limits.idle_s = 60;
    Secured secured(limits);
    Wire silent(secured.port());
    Wire half(secured.port());
    half.send(std::string("\x16\x03\x01\x02\x00\x01", 6));
    CHECK(HttpClient(secured.port(), secured.trusting()).request("GET", "/hello").status == 200);
    CHECK(silent.closes_within(patience));
    CHECK(half.closes_within(patience));
}

TEST_CASE("WebSockets go through TLS: messages both ways, floods, and their close") {
    Secured secured;
    SocketClient socket(secured.port(), "/ws", {}, secured.trusting());
    REQUIRE(socket.is_open());
    for (const std::string& text : {std::string("one"), std::string(60'000, 't')}) {
        socket.send_text(text);
        CHECK(socket.receive_text() == text);
    }
    http::Limits roomy;
    roomy.socket_queue_bytes_max = 16 * 1024 * 1024;
    Secured with_room(roomy);
    SocketClient flooded(with_room.port(), "/ws", {}, with_room.trusting());
    flooded.send_text("flood");
    for (int i = 0; i < 64; ++i) CHECK(flooded.receive_text().size() == 64 * 1024);
    socket.send_text("close");
    CHECK(socket.receive().close_code == 4001);
    SocketClient refused(secured.port(), "/ws/bad", {}, secured.trusting());
    CHECK(refused.handshake().status == 401);
}

TEST_CASE("a new certificate is for the connections to come; those that are open go on") {
    Secured secured;
    HttpClient old(secured.port(), secured.trusting());
    SocketClient socket(secured.port(), "/ws", {}, secured.trusting());
    REQUIRE(old.request("GET", "/hello").status == 200);
    make_certificate("second", secured.folder / "cert.pem", secured.folder / "key.pem");
    CHECK(subject_shown(secured.port(), secured.trusting()) == "first");  // Not before it is asked for.
    secured.server->listener().reload_tls();
    CHECK(subject_shown(secured.port(), secured.trusting("cert.pem")) == "second");
    CHECK_FALSE(connects(secured.port(), secured.trusting()));
    CHECK(old.request("GET", "/hello").status == 200);
    CHECK(old.wire().tls().subject() == "first");
    socket.send_text("still here");
    CHECK(socket.receive_text() == "still here");
}

TEST_CASE("certificates that change while many connect: every handshake succeeds with one of them") {
    Secured secured;
    const std::vector<std::string> names{"even", "odd"};
    std::string trusted;
    for (const auto& name : names) {
        make_certificate(name, secured.folder / (name + ".pem"), secured.folder / (name + ".key"));
        std::ifstream file(secured.folder / (name + ".pem"));
        trusted.append(std::istreambuf_iterator<char>(file), {});
    }
    std::ofstream(secured.folder / "both.pem") << trusted;
    const auto install = [&](const std::string& name) {
        constexpr auto over = std::filesystem::copy_options::overwrite_existing;
        std::filesystem::copy_file(secured.folder / (name + ".pem"), secured.folder / "cert.pem", over);
        std::filesystem::copy_file(secured.folder / (name + ".key"), secured.folder / "key.pem", over);
        secured.server->listener().reload_tls();
    };
    install("even");
    std::atomic<bool> over = false;
    std::atomic<int> answered = 0;
    struct Stop {
        std::atomic<bool>& over;
        ~Stop() { over = true; }
    };
    std::vector<std::future<std::set<std::string>>> clients;
    const Stop stop{over};  // before the clients are waited for, also when the test ends early
    const auto connect = [&] {
        std::set<std::string> seen;
        while (!over) {
            HttpClient client(secured.port(), secured.trusting("both.pem"));
            if (client.request("GET", "/hello").status == 200) ++answered;
            seen.insert(client.wire().tls().subject());
        }
        return seen;
    };
    for (int i = 0; i < 4; ++i) clients.push_back(std::async(std::launch::async, connect));
    for (int swap = 1; swap <= 100; ++swap) {
        const auto before = answered.load();
        install(names[static_cast<std::size_t>(swap % 2)]);
        REQUIRE(comes_true([&] { return answered >= before + 4; }));
    }
    over = true;
    for (auto& client : clients)
        CHECK(client.get() ==
              std::set<std::string>(names.begin(), names.end()));  // Throws what a client threw.
    CHECK(subject_shown(secured.port(), secured.trusting("both.pem")) == "even");
    CHECK(secured.server->internal_errors().empty());
}

TEST_CASE("files that are no certificate and its key change nothing, and the fault says which") {
    Secured secured;
    const auto put = [&](const std::string& file, const std::string& text) {
        std::ofstream(secured.folder / file, std::ios::binary | std::ios::trunc) << text;
    };
    const auto fault = [&]() -> std::string {
        try {
            secured.server->listener().reload_tls();
        } catch (const http::TlsFault& why) {
            return why.what();
        }
        return "";
    };
    const auto check_kept = [&] { CHECK(subject_shown(secured.port(), secured.trusting()) == "first"); };
    make_certificate("other", secured.folder / "other.pem", secured.folder / "key.pem");
    CHECK(fault().find("mismatch") != std::string::npos);
    check_kept();
    put("key.pem", "no key");
    CHECK(fault().starts_with("TLS_KEY"));
    check_kept();
    put("cert.pem", "-----BEGIN CERTIFICATE-----\nbroken\n-----END CERTIFICATE-----\n");
    CHECK(fault().starts_with("TLS_CERT"));
    std::filesystem::remove(secured.folder / "cert.pem");
    CHECK(fault().starts_with("TLS_CERT"));
    check_kept();
}

TEST_CASE("a stop ends what is under way in order, through TLS too") {
    Secured secured;
    Wire waiting(secured.port(), secured.trusting());
    SocketClient socket(secured.port(), "/ws", {}, secured.trusting());
    waiting.send("GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n");
    REQUIRE(secured.server->reached_wait());
    std::thread stopping([&] { secured.server->listener().stop(); });
    CHECK(socket.receive().close_code == 1001);
    secured.server->release();
    // The connection ends behind its answer, which may not say so beforehand: the thread that answers may
    // hear of the stop a moment after the other one.
    const auto rest = waiting.receive_all();
    CHECK(rest.starts_with("HTTP/1.1 200 "));
    CHECK(rest.ends_with("waited"));
    socket.send_close(1001);
    stopping.join();
}

}  // namespace
}  // namespace dacapo::test
