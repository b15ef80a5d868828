#include "api/cursor.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace dacapo::api {
namespace {

// The bytes under the base64url: version, side, hash of the question, sort value, id (big endian), and 16
// bytes of the HMAC over all that.
constexpr std::string_view purpose = "list cursor";
constexpr std::uint8_t version = 1;
constexpr std::size_t question_bytes = 10;
constexpr std::size_t number_bytes = 8;
constexpr std::size_t question_begin = 2;
constexpr std::size_t value_begin = question_begin + question_bytes;
constexpr std::size_t id_begin = value_begin + number_bytes;
constexpr std::size_t mac_begin = id_begin + number_bytes;
constexpr std::size_t mac_bytes = 16;
using Bytes = std::array<std::uint8_t, mac_begin + mac_bytes>;

void put_number(Bytes& bytes, std::size_t begin, std::int64_t number) {
    auto left = static_cast<std::uint64_t>(number);
    for (std::size_t at = begin + number_bytes; at > begin; left >>= 8)
        bytes[--at] = static_cast<std::uint8_t>(left & 0xFF);
}

std::int64_t number_at(const Bytes& bytes, std::size_t begin) {
    std::uint64_t number = 0;
    for (std::size_t at = begin; at < begin + number_bytes; ++at) number = number << 8 | bytes[at];
    return static_cast<std::int64_t>(number);
}

Bytes signed_bytes(const HmacKey& key, const Cursor& cursor, std::string_view question) {
    Bytes bytes{};
    bytes[0] = version;
    bytes[1] = static_cast<std::uint8_t>(cursor.side);
    const auto hash = sha256(question);
    std::copy_n(hash.begin(), question_bytes, bytes.begin() + question_begin);
    put_number(bytes, value_begin, cursor.place.value);
    put_number(bytes, id_begin, cursor.place.id);
    const auto mac = key.sign(as_text(std::span(bytes).first(mac_begin)));
    std::copy_n(mac.begin(), mac_bytes, bytes.begin() + mac_begin);
    return bytes;
}

}  // namespace

Cursors::Cursors(std::string_view secret, std::string_view other_secret)
    : key_(HmacKey(secret).derived(purpose)) {
    if (!other_secret.empty()) other_key_.emplace(HmacKey(other_secret).derived(purpose));
}

std::string Cursors::text_of(const Cursor& cursor, std::string_view question) const {
    return base64url(signed_bytes(key_, cursor, question));
}

std::optional<Cursor> Cursors::read(std::string_view text, std::string_view question) const {
    const auto decoded = base64url_decoded(text);
    if (!decoded || decoded->size() != sizeof(Bytes)) return std::nullopt;
    Bytes bytes{};
    std::ranges::transform(*decoded, bytes.begin(),
                           [](char byte) { return static_cast<std::uint8_t>(byte); });
    if (bytes[1] > static_cast<std::uint8_t>(Side::before)) return std::nullopt;
    const Cursor cursor{Side{bytes[1]}, {number_at(bytes, value_begin), number_at(bytes, id_begin)}};
    // What it would be if it were ours; version and question are compared with it.
    const auto is_of = [&](const HmacKey& key) {
        return equal_in_constant_time(as_text(bytes), as_text(signed_bytes(key, cursor, question)));
    };
    if (!is_of(key_) && !(other_key_ && is_of(*other_key_))) return std::nullopt;
    return cursor;
}

}  // namespace dacapo::api
