#include "infra/crypto/digest.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <limits>
#include <stdexcept>

namespace dacapo {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

void must(bool done, const char* what) {
    if (!done) throw std::runtime_error(std::string("OpenSSL failed: ") + what);
}

// Fetched once: a look-up by name costs more than a short digest.
const EVP_MD* fetched_sha256() {
    static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    must(algorithm != nullptr, "SHA256 is not there");
    return algorithm;
}

struct DigestContext {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    ~DigestContext() { EVP_MD_CTX_free(context); }
};

// -1 for a character outside the alphabet.
constexpr std::array<std::int8_t, 256> values_of_alphabet() {
    std::array<std::int8_t, 256> values{};
    values.fill(-1);
    for (std::size_t i = 0; i < alphabet.size(); ++i)
        values[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
    return values;
}

}  // namespace

Digest sha256(std::string_view bytes) {
    thread_local const DigestContext digest;
    Digest out;
    must(EVP_DigestInit_ex2(digest.context, fetched_sha256(), nullptr) == 1 &&
             EVP_DigestUpdate(digest.context, bytes.data(), bytes.size()) == 1 &&
             EVP_DigestFinal_ex(digest.context, out.data(), nullptr) == 1,
         "SHA-256");
    return out;
}

std::string sha256_hex(std::string_view bytes) { return hex(sha256(bytes)); }

void HmacKey::ContextDeleter::operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }

HmacKey::HmacKey(std::string_view secret) {
    EVP_MAC* algorithm = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    must(algorithm != nullptr, "HMAC is not there");
    keyed_.reset(EVP_MAC_CTX_new(algorithm));
    EVP_MAC_free(algorithm);  // The context holds it.
    std::string digest_name = "SHA256";
    const std::array<OSSL_PARAM, 2> parameters{
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest_name.data(), 0),
        OSSL_PARAM_construct_end()};
    // An empty key must not be a null pointer: OpenSSL would take it for "no key yet".
    const auto* key = secret.empty() ? bytes_of("") : bytes_of(secret);
    must(EVP_MAC_init(keyed_.get(), key, secret.size(), parameters.data()) == 1, "HMAC key");
}

Digest HmacKey::sign(std::string_view bytes) const {
    const Context context(EVP_MAC_CTX_dup(keyed_.get()));
    must(context != nullptr, "HMAC context");
    Digest out;
    std::size_t size = 0;
    must(EVP_MAC_update(context.get(), bytes_of(bytes), bytes.size()) == 1 &&
             EVP_MAC_final(context.get(), out.data(), &size, out.size()) == 1 && size == out.size(),
         "HMAC");
    return out;
}

bool HmacKey::verify(std::string_view bytes, std::string_view mac) const {
    return equal_in_constant_time(as_text(sign(bytes)), mac);
}

HmacKey HmacKey::derived(std::string_view purpose) const { return HmacKey(as_text(sign(purpose))); }

Digest hmac_sha256(std::string_view secret, std::string_view bytes) { return HmacKey(secret).sign(bytes); }

void random_bytes(std::span<std::uint8_t> out) {
    must(out.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max()) &&
             RAND_bytes(out.data(), static_cast<int>(out.size())) == 1,
         "random bytes");
}

std::string hex(std::span<const std::uint8_t> bytes) {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const auto byte : bytes) {
        text += digits[byte >> 4];
        text += digits[byte & 0xF];
    }
    return text;
}

std::string base64url(std::span<const std::uint8_t> bytes) {
    std::string text;
    text.reserve((bytes.size() * 4 + 2) / 3);
    std::uint32_t bits = 0;
    int bit_count = 0;
    for (const auto byte : bytes) {
        bits = (bits << 8) | byte;
        bit_count += 8;
        while (bit_count >= 6) {
            bit_count -= 6;
            text += alphabet[(bits >> bit_count) & 0x3F];
        }
    }
    if (bit_count > 0) text += alphabet[(bits << (6 - bit_count)) & 0x3F];
    return text;
}

std::string base64url(std::string_view bytes) {
    return base64url(std::span<const std::uint8_t>(bytes_of(bytes), bytes.size()));
}

std::optional<std::string> base64url_decoded(std::string_view text) {
    static constexpr auto values = values_of_alphabet();
    if (text.size() % 4 == 1) return std::nullopt;
    std::string bytes;
    bytes.reserve(text.size() * 3 / 4);
    std::uint32_t bits = 0;
    int bit_count = 0;
    for (const char c : text) {
        const int value = values[static_cast<unsigned char>(c)];
        if (value < 0) return std::nullopt;
        bits = (bits << 6) | static_cast<std::uint32_t>(value);
        bit_count += 6;
        if (bit_count >= 8) {
            bit_count -= 8;
            bytes += static_cast<char>((bits >> bit_count) & 0xFF);
        }
    }
    if ((bits & ((1U << bit_count) - 1)) != 0) return std::nullopt;
    return bytes;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace dacapo
