// Text from strangers: what is accepted is clean UTF-8, and doing the same again changes nothing.
#include "infra/text.hpp"

#include <cstdint>
#include <cstdlib>

using namespace dacapo;

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const auto lines : {Lines::one, Lines::many}) {
        const auto stored = normalised(text, lines);
        if (!stored) continue;
        require(is_valid_utf8(text) && is_valid_utf8(*stored));
        require(stored->find('\0') == std::string::npos);
        require(normalised(*stored, lines) == stored);
        require(code_points(*stored) <= stored->size());
    }
    const auto folded = fold(text);
    require(is_valid_utf8(folded));
    require(fold(folded) == folded);
    require(is_valid_utf8(printable(text)));
    return 0;
}
