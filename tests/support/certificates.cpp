#include "tests/support/certificates.hpp"

#include "tests/support/openssl_owned.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdexcept>

namespace dacapo::test {
namespace {

using Key = Owned<EVP_PKEY, EVP_PKEY_free>;
using Certificate = Owned<X509, X509_free>;

struct File {
    explicit File(const std::filesystem::path& path) : handle(std::fopen(path.c_str(), "wb")) {
        if (!handle) throw std::runtime_error("cannot write " + path.string());
    }
    ~File() { std::fclose(handle); }
    std::FILE* handle;
};

void write(const std::filesystem::path& path, X509* certificate) {
    const File file(path);
    PEM_write_X509(file.handle, certificate);
}

void write(const std::filesystem::path& path, EVP_PKEY* key) {
    const File file(path);
    PEM_write_PrivateKey(file.handle, key, nullptr, nullptr, 0, nullptr, nullptr);
}

void extend(X509* certificate, int kind, const std::string& value) {
    const Owned<X509_EXTENSION, X509_EXTENSION_free> extension(
        X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str()));
    if (!extension) throw std::runtime_error("no such extension: " + value);
    X509_add_ext(certificate, extension.get(), -1);
}

Certificate make_unsigned(const std::string& common_name, EVP_PKEY* key) {
    Certificate made(X509_new());
    X509_set_version(made.get(), X509_VERSION_3);
    std::uint32_t serial = 0;
    RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial);
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(made.get()), serial);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), 3600);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1, 0);
    X509_set_pubkey(made.get(), key);
    return made;
}

void sign(X509* certificate, X509_NAME* issuer, EVP_PKEY* key) {
    X509_set_issuer_name(certificate, issuer);
    if (X509_sign(certificate, key, EVP_sha256()) == 0) throw std::runtime_error("cannot sign a certificate");
}

}  // namespace

struct Authority::Impl {
    Key key{EVP_EC_gen("P-256")};
    Certificate certificate;
};

Authority::Authority(const std::string& name, std::filesystem::path certificate)
    : impl_(std::make_unique<Impl>()), certificate_(std::move(certificate)) {
    impl_->certificate = make_unsigned(name, impl_->key.get());
    auto* const made = impl_->certificate.get();
    extend(made, NID_basic_constraints, "critical,CA:TRUE");
    extend(made, NID_key_usage, "critical,keyCertSign,cRLSign");
    sign(made, X509_get_subject_name(made), impl_->key.get());
    write(certificate_, made);
}

Authority::~Authority() = default;

void Authority::issue(const std::string& host, const std::filesystem::path& certificate,
                      const std::filesystem::path& key) const {
    const Key pair(EVP_EC_gen("P-256"));
    const auto made = make_unsigned(host, pair.get());
    extend(made.get(), NID_subject_alt_name, "DNS:" + host);
    sign(made.get(), X509_get_subject_name(impl_->certificate.get()), impl_->key.get());
    write(certificate, made.get());
    write(key, pair.get());
}

void make_certificate(const std::string& common_name, const std::filesystem::path& certificate,
                      const std::filesystem::path& key) {
    const Key pair(EVP_EC_gen("P-256"));
    const auto made = make_unsigned(common_name, pair.get());
    extend(made.get(), NID_subject_alt_name, "DNS:localhost");
    sign(made.get(), X509_get_subject_name(made.get()), pair.get());
    write(certificate, made.get());
    write(key, pair.get());
}

}  // namespace dacapo::test
