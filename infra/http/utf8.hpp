// Checks that bytes are UTF-8 (RFC 3629), also when they arrive in pieces.
// Apart from the text library because a WebSocket message is checked fragment by fragment.
#pragma once

#include <cstdint>
#include <string_view>

namespace dacapo::http {

class Utf8Check {
public:
    // False as soon as the bytes seen so far cannot begin valid text. Overlong forms, surrogates and what
    // lies beyond U+10FFFF are refused.
    bool feed(std::string_view bytes);
    // Whether no character is left unfinished.
    bool complete() const { return missing_ == 0; }
    void reset() { missing_ = 0; }

private:
    unsigned missing_ = 0;     // continuation bytes still to come
    std::uint8_t low_ = 0x80;  // bounds of the next one
    std::uint8_t high_ = 0xBF;
};

bool is_utf8(std::string_view bytes);

}  // namespace dacapo::http
