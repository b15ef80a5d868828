// Bytes from strangers as HTTP requests: what is accepted is clean, and how the network cuts them changes
// nothing.
#include "infra/http/request_parser.hpp"

#include "infra/http/utf8.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

using namespace dacapo::http;

namespace {

constexpr std::size_t body_bytes_max = 2000;

void require(bool holds) {
    if (!holds) std::abort();
}

struct Outcome {
    std::vector<std::string> requests;
    bool refused = false;
    bool undecided =
        false;  // at its end, the parser still held back bytes of a body that it has not looked at
};

void check(const Request& request) {
    require(request.path == "*" || request.path.starts_with('/'));
    require(is_utf8(request.path) && request.path.find('\0') == std::string::npos);
    require(request.path.find("/../") == std::string::npos && !request.path.ends_with("/.."));
    require(request.body.size() <= body_bytes_max);
    for (const auto& [key, value] : request.query) {
        require(is_utf8(key) && is_utf8(value));
        require(value.find('\0') == std::string::npos);
    }
    require(request.authorization.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
}

// Reads requests as a connection does, `piece` bytes at a time.
Outcome read(std::string_view bytes, std::size_t piece) {
    const Limits limits;
    Outcome outcome;
    RequestParser parser(limits);
    Request request;
    Head head;
    std::string unread;
    bool in_body = false;
    while (true) {
        std::size_t used = 0;
        if (!in_body) {
            used = parser.find_head(unread, head.error);
            if (used > 0) {
                parser.parse_head(std::string_view(unread).substr(0, used), request, head);
                in_body = true;
            }
        } else {
            used = parser.parse_body(unread, body_bytes_max, request, head.error);
        }
        if (head.error) {
            require(head.error->status >= 400 && head.error->status < 600);
            outcome.refused = true;
            return outcome;
        }
        unread.erase(0, used);
        if (in_body && parser.body_complete()) {
            check(request);
            outcome.requests.push_back(request.path + '\n' + request.body);
            in_body = false;
            continue;
        }
        if (used > 0) continue;
        if (bytes.empty()) {
            outcome.undecided = in_body && !unread.empty();
            return outcome;
        }
        unread.append(bytes.substr(0, piece));
        bytes.remove_prefix(std::min(piece, bytes.size()));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto whole = read(bytes, size + 1);
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}}) {
        const auto pieces = read(bytes, piece);
        require(pieces.refused == whole.refused || (!pieces.refused && pieces.undecided) ||
                (!whole.refused && whole.undecided));
        require(pieces.requests == whole.requests);
    }
    return 0;
}
