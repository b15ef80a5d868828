// Times from strangers: whatever is accepted can be written again and read back the same.
#include "infra/wall_time.hpp"

#include <cstdlib>

using namespace dacapo;

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

void check(std::string_view text, std::string_view zone) {
    const auto parsed = parse_wall_time(text, zone);
    const auto* wall = std::get_if<WallTime>(&parsed);
    if (!wall) return;
    require(wall->local.size() == 19);
    const auto again = parse_wall_time(wall->local, zone);
    require(std::holds_alternative<WallTime>(again) && std::get<WallTime>(again).local == wall->local);
    require(parse_utc(format_utc(wall->instant)) == wall->instant);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto time = parse_utc(text)) {
        require(parse_utc(format_utc_ms(*time)) == time);
        require(local_text(*time, "Europe/Paris").has_value());
    }
    check(text, "Europe/Paris");
    check(text, "America/Sao_Paulo");
    check("2024-03-31T02:30:00", text);
    return 0;
}
