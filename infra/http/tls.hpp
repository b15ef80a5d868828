// TLS 1.2 and 1.3 of a server, by OpenSSL: the certificate in force, and one connection's encryption over
// bytes. Without sockets: a connection writes without waiting and gathers its frames itself, so the
// ciphertext goes through the hands of channel.hpp instead of those of a stream of Asio's.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <mutex>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace dacapo::http {

struct TlsFiles {
    std::filesystem::path certificate;  // the chain, PEM, the server's own first; empty: no TLS
    std::filesystem::path key;          // PEM, without a password
};

// The files cannot be used; the text says why and names no secret.
struct TlsFault : std::runtime_error {
    using std::runtime_error::runtime_error;
};

class TlsStream {
public:
    struct Impl;
    explicit TlsStream(std::unique_ptr<Impl> impl);
    ~TlsStream();

    // What has come from the client.
    void take(std::string_view ciphertext);
    // Carries the handshake on and decrypts; 0 when more must come first.
    std::size_t read(std::span<char> into);
    // The client has said that it ends, or has broken the protocol.
    bool is_over() const;
    bool is_handshaking() const;

    // Encrypts and keeps the ciphertext. False when nothing can be written any more.
    bool write(std::string_view plaintext);
    void say_goodbye();
    // What is to be sent, and how much of it has been.
    std::string_view unsent() const;
    void sent(std::size_t count);

private:
    std::unique_ptr<Impl> impl_;
};

class TlsContext {
public:
    // Throws TlsFault.
    explicit TlsContext(TlsFiles files);
    ~TlsContext();

    // Any thread. Connections that are open stay as they are. Throws TlsFault and keeps what it has.
    void reload();
    std::unique_ptr<TlsStream> accept() const;

private:
    struct Loaded;
    static std::shared_ptr<const Loaded> load(const TlsFiles& files);

    const TlsFiles files_;
    mutable std::mutex mutex_;
    std::shared_ptr<const Loaded> loaded_;
};

}  // namespace dacapo::http
