#include "domain/field_faults.hpp"

#include <algorithm>
#include <cmath>

namespace dacapo {

std::size_t code_point_count(std::string_view text) {
    const auto starts_code_point = [](char byte) {
        return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
    };
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), starts_code_point));
}

void check_length(FieldFaults& faults, std::string_view field, std::string_view text,
                  std::size_t characters_min, std::size_t characters_max) {
    const auto characters = code_point_count(text);
    if (characters < characters_min) faults.push_back({field, "too_short"});
    if (characters > characters_max) faults.push_back({field, "too_long"});
}

void check_coordinates(FieldFaults& faults, std::optional<double> latitude, std::optional<double> longitude) {
    if (latitude.has_value() != longitude.has_value())
        faults.push_back({latitude ? "longitude" : "latitude", "required"});
    // Written so that NaN, which compares false with everything, is out of range.
    if (latitude && !(std::abs(*latitude) <= 90.0)) faults.push_back({"latitude", "out_of_range"});
    if (longitude && !(std::abs(*longitude) <= 180.0)) faults.push_back({"longitude", "out_of_range"});
}

}  // namespace dacapo
