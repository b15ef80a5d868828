// The client's end of TLS for tests, by OpenSSL over a blocking socket.
// Strict where a browser is: the server must show a certificate that is trusted here, for localhost.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace dacapo::test {

struct TlsOptions {
    std::filesystem::path trusted;  // PEM
    int version = 0;                // only this one, for example 0x0303; 0: whatever both know
    std::string ciphers;            // of TLS 1.2; empty: OpenSSL's own list
    std::string protocols;          // ALPN, as on the wire ("\x02h2"); empty: not asked for
};

class TlsEnd {
public:
    // Throws std::runtime_error when the handshake fails.
    TlsEnd(int descriptor, const TlsOptions& options);
    ~TlsEnd();

    // Of TLS 1.2: another handshake on the same connection. False when the server refuses.
    bool renegotiate();
    bool send(std::string_view bytes);
    bool has_pending() const;
    // 0 at the end.
    std::size_t receive(std::span<char> into);

    std::string version() const;   // "TLSv1.3"
    std::string protocol() const;  // by ALPN; empty: none
    std::string subject() const;   // the common name of the server's certificate

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace dacapo::test
