// A stored record may be damaged in any way: decoding it answers with a record or a CodecError, nothing else,
// and a record that was understood is written and read again without a change.
#include "events/codec.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    dacapo::Record record;
    try {
        record = dacapo::decode({reinterpret_cast<const char*>(data), size});
    } catch (const dacapo::CodecError&) {
        return 0;
    }
    if (dacapo::decode(dacapo::encode(record)) != record) std::abort();
    return 0;
}
