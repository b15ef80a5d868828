// A server that speaks TLS and nothing else: it counts who came, and what they said once they believed it.
// It stands where a broker should be.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <thread>

namespace dacapo::test {

class TlsServer {
public:
    TlsServer(const std::filesystem::path& certificate, const std::filesystem::path& key);
    ~TlsServer();
    TlsServer(const TlsServer&) = delete;
    TlsServer& operator=(const TlsServer&) = delete;

    std::uint16_t port() const { return port_; }
    std::size_t connections() const { return connections_; }
    std::size_t bytes_received() const { return bytes_; }  // decrypted

private:
    void serve(void* context);

    int listening_ = -1;
    std::uint16_t port_ = 0;
    std::atomic<std::size_t> connections_ = 0;
    std::atomic<std::size_t> bytes_ = 0;
    std::atomic<bool> stopping_ = false;
    std::thread thread_;
};

}  // namespace dacapo::test
