#include "infra/http/tls.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <algorithm>

namespace dacapo::http {
namespace {

constexpr int chunk_bytes_max = 1 << 30;

// What OpenSSL says went wrong, without the values it may have seen.
std::string openssl_reason() {
    const auto code = ERR_get_error();
    ERR_clear_error();
    const char* reason = code ? ERR_reason_error_string(code) : nullptr;
    return reason ? reason : "not readable";
}

// Nobody sits at a server to type a password.
int no_password(char*, int, int, void*) { return 0; }

// HTTP/1.1 is all that is spoken here. A client that does not ask gets it, too.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                    unsigned offered_size, void*) {
    static constexpr unsigned char ours[] = "\x08http/1.1";
    unsigned char* chosen = nullptr;
    if (SSL_select_next_proto(&chosen, out_size, ours, sizeof ours - 1, offered, offered_size) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

}  // namespace

struct TlsContext::Loaded {
    std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context{SSL_CTX_new(TLS_server_method()), SSL_CTX_free};
};

struct TlsStream::Impl {
    explicit Impl(SSL_CTX* context)
        : ssl(SSL_new(context), SSL_free), incoming(BIO_new(BIO_s_mem())), outgoing(BIO_new(BIO_s_mem())) {
        if (!ssl || !incoming || !outgoing) throw std::bad_alloc();
        SSL_set_bio(ssl.get(), incoming, outgoing);  // which owns them from here on
        SSL_set_accept_state(ssl.get());
    }

    // Whether the stream goes on after a call that gave `result`.
    void judge(int result) {
        switch (SSL_get_error(ssl.get(), result)) {
            case SSL_ERROR_NONE:
            case SSL_ERROR_WANT_READ:
            case SSL_ERROR_WANT_WRITE:
                break;
            default:
                over = true;
        }
        ERR_clear_error();
        collect();
    }

    void collect() {
        char* bytes = nullptr;
        const long size = BIO_get_mem_data(outgoing, &bytes);
        if (size <= 0) return;
        unsent.append(bytes, static_cast<std::size_t>(size));
        BIO_reset(outgoing);
    }

    std::unique_ptr<SSL, decltype(&SSL_free)> ssl;
    BIO* incoming;
    BIO* outgoing;
    bool over = false;
    std::string unsent;
    std::size_t sent = 0;
};

TlsStream::TlsStream(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsStream::~TlsStream() = default;

void TlsStream::take(std::string_view ciphertext) {
    BIO_write(impl_->incoming, ciphertext.data(), static_cast<int>(ciphertext.size()));
}

std::size_t TlsStream::read(std::span<char> into) {
    if (impl_->over || into.empty()) return 0;
    ERR_clear_error();
    const int count = SSL_read(impl_->ssl.get(), into.data(),
                               static_cast<int>(std::min<std::size_t>(into.size(), chunk_bytes_max)));
    impl_->judge(count);
    return count > 0 ? static_cast<std::size_t>(count) : 0;
}

bool TlsStream::is_over() const { return impl_->over; }
bool TlsStream::is_handshaking() const { return !SSL_is_init_finished(impl_->ssl.get()); }

bool TlsStream::write(std::string_view plaintext) {
    while (!impl_->over && !plaintext.empty()) {
        ERR_clear_error();
        const int count =
            SSL_write(impl_->ssl.get(), plaintext.data(),
                      static_cast<int>(std::min<std::size_t>(plaintext.size(), chunk_bytes_max)));
        impl_->judge(count);
        if (count <= 0) return false;
        plaintext.remove_prefix(static_cast<std::size_t>(count));
    }
    return !impl_->over;
}

void TlsStream::say_goodbye() {
    if (impl_->over || is_handshaking()) return;
    ERR_clear_error();
    SSL_shutdown(impl_->ssl.get());
    ERR_clear_error();
    impl_->collect();
}

std::string_view TlsStream::unsent() const { return std::string_view(impl_->unsent).substr(impl_->sent); }

void TlsStream::sent(std::size_t count) {
    impl_->sent += count;
    if (impl_->sent < impl_->unsent.size()) return;
    impl_->sent = 0;
    impl_->unsent.clear();
    if (impl_->unsent.capacity() > 64 * 1024) impl_->unsent.shrink_to_fit();
}

TlsContext::TlsContext(TlsFiles files) : files_(std::move(files)), loaded_(load(files_)) {}
TlsContext::~TlsContext() = default;

std::shared_ptr<const TlsContext::Loaded> TlsContext::load(const TlsFiles& files) {
    auto loaded = std::make_shared<Loaded>();
    SSL_CTX* context = loaded->context.get();
    if (!context) throw TlsFault("OpenSSL is not available");
    ERR_clear_error();
    SSL_CTX_set_default_passwd_cb(context, no_password);
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    // Forward secrecy and authenticated encryption only; those of TLS 1.3 are all of that kind.
    SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20");
    SSL_CTX_set_options(context,
                        SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_session_cache_mode(context,
                                   SSL_SESS_CACHE_OFF);   // Tickets resume sessions; a cache would grow.
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);  // Idle connections are many.
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
    if (SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1)
        throw TlsFault("TLS_CERT " + files.certificate.string() + ": " + openssl_reason());
    // Also fails when it is not the key of that certificate.
    if (SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) != 1)
        throw TlsFault("TLS_KEY " + files.key.string() + ": " + openssl_reason());
    return loaded;
}

void TlsContext::reload() {
    auto loaded = load(files_);
    const std::lock_guard lock(mutex_);
    loaded_ = std::move(loaded);
}

std::unique_ptr<TlsStream> TlsContext::accept() const {
    std::shared_ptr<const Loaded> loaded;
    {
        const std::lock_guard lock(mutex_);
        loaded = loaded_;
    }
    return std::make_unique<TlsStream>(std::make_unique<TlsStream::Impl>(loaded->context.get()));
}

}  // namespace dacapo::http
