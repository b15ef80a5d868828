// Cursors from strangers: none is taken that was not issued, for this question; and what is issued comes
// back.
#include "api/cursor.hpp"

#include <cstdlib>
#include <cstring>

using namespace dacapo;

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const api::Cursors cursors("a secret of the fuzz target, 32 bytes");
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    require(!cursors.read(text, "/events"));
    require(!cursors.read(base64url(text), "/events"));

    api::Cursor cursor;
    if (size < 1 + sizeof cursor.place.value + sizeof cursor.place.id) return 0;
    cursor.side = data[0] % 2 == 0 ? api::Side::after : api::Side::before;
    std::memcpy(&cursor.place.value, data + 1, sizeof cursor.place.value);
    std::memcpy(&cursor.place.id, data + 1 + sizeof cursor.place.value, sizeof cursor.place.id);
    const auto question = text.substr(1 + sizeof cursor.place.value + sizeof cursor.place.id);
    auto issued = cursors.text_of(cursor, question);
    require(cursors.read(issued, question) == cursor);
    require(!cursors.read(issued, std::string(question) + 'x'));
    issued[data[0] % issued.size()] ^= 1;
    require(!cursors.read(issued, question));
    return 0;
}
