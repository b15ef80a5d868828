// Digests, message authentication, random bytes and their text forms, all by OpenSSL.
// One small file, so that nobody else needs to know OpenSSL's interfaces to hash or to sign.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

struct evp_mac_ctx_st;

namespace dacapo {

using Digest = std::array<std::uint8_t, 32>;

// FIPS 180-4. Any thread; about 0.2 us for a short text.
Digest sha256(std::string_view bytes);
std::string sha256_hex(std::string_view bytes);

// A secret, prepared once for HMAC-SHA-256 (RFC 2104). sign() takes about 0.6 us and may be called by any
// thread.
class HmacKey {
public:
    explicit HmacKey(std::string_view secret);

    Digest sign(std::string_view bytes) const;
    bool verify(std::string_view bytes, std::string_view mac) const;
    // A key of its own for one purpose, so that what is signed for one is worthless for another.
    HmacKey derived(std::string_view purpose) const;

private:
    struct ContextDeleter {
        void operator()(evp_mac_ctx_st* context) const;
    };
    using Context = std::unique_ptr<evp_mac_ctx_st, ContextDeleter>;

    Context keyed_;
};

Digest hmac_sha256(std::string_view secret, std::string_view bytes);

// From the operating system's generator. Throws std::runtime_error when it fails.
void random_bytes(std::span<std::uint8_t> out);
template <std::size_t size>
std::array<std::uint8_t, size> random_bytes() {
    std::array<std::uint8_t, size> bytes;
    random_bytes(bytes);
    return bytes;
}

// Lower case, two digits a byte.
std::string hex(std::span<const std::uint8_t> bytes);

// RFC 4648 section 5, without padding. Decoding refuses padding, foreign characters and unused bits that are
// set, so that each value has exactly one text.
std::string base64url(std::span<const std::uint8_t> bytes);
std::string base64url(std::string_view bytes);
std::optional<std::string> base64url_decoded(std::string_view text);

// Takes as long for the first byte that differs as for the last. The lengths are not secret.
bool equal_in_constant_time(std::string_view a, std::string_view b);

inline std::string_view as_text(std::span<const std::uint8_t> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace dacapo
