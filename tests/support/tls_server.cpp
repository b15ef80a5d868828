#include "tests/support/tls_server.hpp"

#include "tests/support/openssl_owned.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <array>
#include <csignal>
#include <stdexcept>

namespace dacapo::test {
namespace {

using Context = Owned<SSL_CTX, SSL_CTX_free>;

}  // namespace

TlsServer::TlsServer(const std::filesystem::path& certificate, const std::filesystem::path& key) {
    Context context(SSL_CTX_new(TLS_server_method()));
    if (SSL_CTX_use_certificate_chain_file(context.get(), certificate.c_str()) != 1 ||
        SSL_CTX_use_PrivateKey_file(context.get(), key.c_str(), SSL_FILETYPE_PEM) != 1)
        throw std::runtime_error("the certificate cannot be used");
    listening_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listening_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listening_, 64) != 0)
        throw std::runtime_error("cannot listen");
    ::getsockname(listening_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, given = context.release()] { serve(given); });
}

TlsServer::~TlsServer() {
    stopping_ = true;
    ::shutdown(listening_, SHUT_RDWR);
    thread_.join();
    ::close(listening_);
}

// One after the other: who is refused goes away by himself, and who is not says something at once.
void TlsServer::serve(void* given) {
    const Context context(static_cast<SSL_CTX*>(given));
    // OpenSSL says good-bye also to those who have left.
    sigset_t broken_pipe;
    sigemptyset(&broken_pipe);
    sigaddset(&broken_pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
    while (!stopping_) {
        const int accepted = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
        if (accepted < 0) continue;
        const timeval patience{1, 0};
        ::setsockopt(accepted, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        const Owned<SSL, SSL_free> ssl(SSL_new(context.get()));
        SSL_set_fd(ssl.get(), accepted);
        std::array<char, 4096> bytes{};
        if (SSL_accept(ssl.get()) == 1)
            if (const int count = SSL_read(ssl.get(), bytes.data(), bytes.size()); count > 0)
                bytes_ += static_cast<std::size_t>(count);
        ++connections_;
        ::close(accepted);
    }
}

}  // namespace dacapo::test
