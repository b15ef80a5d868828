#include "domain/field_faults.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <string>

using namespace dacapo;

namespace {

FieldFaults coordinate_faults(std::optional<double> latitude, std::optional<double> longitude) {
    FieldFaults faults;
    check_coordinates(faults, latitude, longitude);
    return faults;
}

}  // namespace

TEST_CASE("characters are code points and not bytes") {
    CHECK(code_point_count("") == 0);
    CHECK(code_point_count("abc") == 3);
    CHECK(code_point_count("é€🎸") == 3);
}

TEST_CASE("coordinates come both or none") {
    CHECK(coordinate_faults({}, {}).empty());
    CHECK(coordinate_faults(48.85, 2.35).empty());
    CHECK(coordinate_faults(48.85, {}) == FieldFaults{{"longitude", "required"}});
    CHECK(coordinate_faults({}, 2.35) == FieldFaults{{"latitude", "required"}});
}

TEST_CASE("coordinates lie on the globe") {
    CHECK(coordinate_faults(90, 180).empty());
    CHECK(coordinate_faults(-90, -180).empty());
    CHECK(coordinate_faults(90.0001, 0) == FieldFaults{{"latitude", "out_of_range"}});
    CHECK(coordinate_faults(0, -180.0001) == FieldFaults{{"longitude", "out_of_range"}});
    const double nan = std::numeric_limits<double>::quiet_NaN();
    CHECK(coordinate_faults(nan, nan).size() == 2);
    CHECK(coordinate_faults(0, std::numeric_limits<double>::infinity()).size() == 1);
}

TEST_CASE("a length may be on its limits and not beyond") {
    const auto faults_of = [](const std::string& text) {
        FieldFaults faults;
        check_length(faults, "title", text, 2, 3);
        return faults;
    };
    CHECK(faults_of("é").front() == FieldFault{"title", "too_short"});
    CHECK(faults_of("éé").empty());
    CHECK(faults_of("ééé").empty());
    CHECK(faults_of("éééé").front() == FieldFault{"title", "too_long"});
}
