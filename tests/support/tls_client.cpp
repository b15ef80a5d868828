#include "tests/support/tls_client.hpp"

#include "tests/support/openssl_owned.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdexcept>

namespace dacapo::test {

struct TlsEnd::Impl {
    Owned<SSL_CTX, SSL_CTX_free> context{SSL_CTX_new(TLS_client_method())};
    Owned<SSL, SSL_free> ssl;
};

TlsEnd::TlsEnd(int descriptor, const TlsOptions& options) : impl_(std::make_unique<Impl>()) {
    auto* context = impl_->context.get();
    // A client that would also speak what is old and weak: it is the server that must refuse.
    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_load_verify_file(context, options.trusted.c_str());
    if (options.version != 0) {
        SSL_CTX_set_min_proto_version(context, options.version);
        SSL_CTX_set_max_proto_version(context, options.version);
    }
    if (!options.ciphers.empty()) SSL_CTX_set_cipher_list(context, options.ciphers.c_str());
    if (!options.protocols.empty())
        SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(options.protocols.data()),
                                static_cast<unsigned>(options.protocols.size()));
    impl_->ssl.reset(SSL_new(context));
    SSL_set_fd(impl_->ssl.get(), descriptor);
    SSL_set1_host(impl_->ssl.get(), "localhost");
    SSL_set_tlsext_host_name(impl_->ssl.get(), "localhost");
    ERR_clear_error();
    if (SSL_connect(impl_->ssl.get()) == 1) return;
    const char* reason = ERR_reason_error_string(ERR_get_error());
    throw std::runtime_error(std::string("no TLS: ") + (reason ? reason : "the connection ended"));
}

TlsEnd::~TlsEnd() = default;

bool TlsEnd::renegotiate() {
    ERR_clear_error();
    return SSL_renegotiate(impl_->ssl.get()) == 1 && SSL_do_handshake(impl_->ssl.get()) == 1;
}

bool TlsEnd::send(std::string_view bytes) {
    ERR_clear_error();
    return bytes.empty() || SSL_write(impl_->ssl.get(), bytes.data(), static_cast<int>(bytes.size())) ==
                                static_cast<int>(bytes.size());
}

bool TlsEnd::has_pending() const { return SSL_pending(impl_->ssl.get()) > 0; }

std::size_t TlsEnd::receive(std::span<char> into) {
    ERR_clear_error();
    const int count = SSL_read(impl_->ssl.get(), into.data(), static_cast<int>(into.size()));
    return count > 0 ? static_cast<std::size_t>(count) : 0;
}

std::string TlsEnd::version() const { return SSL_get_version(impl_->ssl.get()); }

std::string TlsEnd::protocol() const {
    const unsigned char* chosen = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(impl_->ssl.get(), &chosen, &size);
    return {reinterpret_cast<const char*>(chosen), size};
}

std::string TlsEnd::subject() const {
    const Owned<X509, X509_free> shown(SSL_get1_peer_certificate(impl_->ssl.get()));
    char text[128] = {};
    X509_NAME_get_text_by_NID(X509_get_subject_name(shown.get()), NID_commonName, text, sizeof text);
    return text;
}

}  // namespace dacapo::test
