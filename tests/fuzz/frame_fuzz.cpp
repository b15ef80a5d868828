// Bytes from strangers as WebSocket frames: texts are UTF-8 and within the limit, codes may be sent back, and
// how the network cuts the bytes changes nothing.
#include "infra/http/frame.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <tuple>

using namespace dacapo::http;

namespace {

constexpr std::size_t message_bytes_max = 300;

void require(bool holds) {
    if (!holds) std::abort();
}

using Events = std::vector<std::tuple<Incoming::Kind, std::string, std::uint16_t>>;

Events read(std::span<const char> bytes, std::size_t piece) {
    FrameReader reader(message_bytes_max);
    Events events;
    while (!bytes.empty()) {
        auto part = bytes.first(std::min(piece, bytes.size()));
        bytes = bytes.subspan(part.size());
        while (true) {
            const auto incoming = reader.next(part);
            if (incoming.kind == Incoming::Kind::nothing) break;
            if (incoming.kind == Incoming::Kind::text)
                require(is_utf8(incoming.payload) && incoming.payload.size() <= message_bytes_max);
            if (incoming.kind == Incoming::Kind::close || incoming.kind == Incoming::Kind::failed)
                require(incoming.code >= 1000 && incoming.code < 5000);
            if (incoming.kind == Incoming::Kind::ping) require(pong_frame(incoming.payload)->size() <= 127);
            events.emplace_back(incoming.kind, std::string(incoming.payload), incoming.code);
        }
    }
    return events;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::span<const char> bytes(reinterpret_cast<const char*>(data), size);
    const auto whole = read(bytes, size + 1);
    require(read(bytes, 1) == whole);
    require(read(bytes, 5) == whole);
    return 0;
}
