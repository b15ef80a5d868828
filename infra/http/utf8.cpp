#include "infra/http/utf8.hpp"

#include <cstring>

namespace dacapo::http {

bool Utf8Check::feed(std::string_view bytes) {
    std::size_t at = 0;
    while (at < bytes.size()) {
        if (missing_ == 0) {
            // Most text is ASCII: eight bytes at a time.
            std::uint64_t eight = 0;
            while (at + sizeof eight <= bytes.size()) {
                std::memcpy(&eight, bytes.data() + at, sizeof eight);
                if ((eight & 0x8080808080808080ULL) != 0) break;
                at += sizeof eight;
            }
            if (at == bytes.size()) break;
        }
        const auto byte = static_cast<std::uint8_t>(bytes[at++]);
        if (missing_ > 0) {
            if (byte < low_ || byte > high_) return false;
            --missing_;
            low_ = 0x80;
            high_ = 0xBF;
        } else if (byte >= 0x80) {
            if (byte < 0xC2 || byte > 0xF4) return false;
            missing_ = byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : 3;
            // The second byte decides about overlong forms, surrogates and the end of Unicode.
            low_ = byte == 0xE0 ? 0xA0 : byte == 0xF0 ? 0x90 : 0x80;
            high_ = byte == 0xED ? 0x9F : byte == 0xF4 ? 0x8F : 0xBF;
        }
    }
    return true;
}

bool is_utf8(std::string_view bytes) {
    Utf8Check check;
    return check.feed(bytes) && check.complete();
}

}  // namespace dacapo::http
