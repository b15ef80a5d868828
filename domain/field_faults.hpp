// What may be wrong with the text and numbers of a command, field by field, all faults at once.
// Apart from refusals, because these need no past: whoever takes the input can show every fault before a
// decision.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace dacapo {

// Both are literals: the field's stored name and a stable code (too_short, too_long, out_of_range, ...).
struct FieldFault {
    std::string_view field;
    std::string_view code;

    bool operator==(const FieldFault&) const = default;
};

using FieldFaults = std::vector<FieldFault>;

// Code points of valid UTF-8: what people call characters, near enough to limit them.
std::size_t code_point_count(std::string_view text);

void check_length(FieldFaults& faults, std::string_view field, std::string_view text,
                  std::size_t characters_min, std::size_t characters_max);

// WGS 84 degrees: both or none, latitude within 90 and longitude within 180 either way; never infinite or
// NaN.
void check_coordinates(FieldFaults& faults, std::optional<double> latitude, std::optional<double> longitude);

}  // namespace dacapo
