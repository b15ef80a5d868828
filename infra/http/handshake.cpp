#include "infra/http/handshake.hpp"

#include "infra/http/problem.hpp"

#include <openssl/evp.h>
#include <algorithm>
#include <array>
#include <stdexcept>

namespace dacapo::http {
namespace {

std::string base64(std::string_view bytes) {
    std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
    const int size =
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                        reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(size));
    return text;
}

// 16 bytes in base64.
bool is_key(std::string_view key) {
    const auto is_digit = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
               c == '/';
    };
    return key.size() == 24 && key.ends_with("==") && std::ranges::all_of(key.substr(0, 22), is_digit);
}

}  // namespace

void check_handshake(const OriginPolicy& origins, const Request& request, const Head& head) {
    if (!request.origin.empty() && !origins.allows(request.origin))
        throw Problem(403, "origin_refused", "This origin may not open a WebSocket here.");
    if (head.websocket_version != "13") {
        Problem problem(426, "upgrade_required", "Only version 13 of the WebSocket protocol is spoken here.");
        problem.headers.emplace_back("Upgrade", "websocket");
        problem.headers.emplace_back("Sec-WebSocket-Version", "13");
        throw problem;
    }
    if (!is_key(head.websocket_key))
        throw Problem(400, "bad_websocket_key", "Sec-WebSocket-Key is not valid.");
}

std::string accept_key(std::string_view key) {
    const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr) != 1)
        throw std::runtime_error("SHA-1 is not available");
    return base64({reinterpret_cast<const char*>(digest.data()), size});
}

std::string handshake_answer(const Head& head, std::string_view subprotocol, std::string_view request_id,
                             std::string_view date) {
    std::string answer = "HTTP/1.1 101 Switching Protocols\r\nServer: dacapo\r\nUpgrade: websocket\r\n";
    answer += "Connection: Upgrade\r\nSec-WebSocket-Accept: ";
    answer += accept_key(head.websocket_key);
    answer += "\r\nDate: ";
    answer += date;
    answer += "\r\nX-Request-Id: ";
    answer += request_id;
    // Only what was offered is echoed, so it holds no byte that a field may not.
    if (std::ranges::find(head.subprotocols, subprotocol) != head.subprotocols.end()) {
        answer += "\r\nSec-WebSocket-Protocol: ";
        answer += subprotocol;
    }
    answer += "\r\n\r\n";
    return answer;
}

}  // namespace dacapo::http
