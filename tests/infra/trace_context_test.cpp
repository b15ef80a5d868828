#include "infra/http/trace_context.hpp"

#include <doctest/doctest.h>
#include <string>
#include <utility>
#include <vector>

using dacapo::http::traceparent_of;

namespace {

const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
const std::string parent = "00f067aa0ba902b7";
const std::string ids = '-' + trace + '-' + parent + '-';

}  // namespace

TEST_CASE("a traceparent of this version is taken as it is, and one of a later version as of this one") {
    const std::vector<std::pair<std::string, std::string>> table{
        {"00" + ids + "01", "00" + ids + "01"},
        {"00" + ids + "00", "00" + ids + "00"},
        {"00" + ids + "ff", "00" + ids + "ff"},
        {"01" + ids + "01", "00" + ids + "01"},
        {"fe" + ids + "00", "00" + ids + "00"},
        {"cc" + ids + "03", "00" + ids + "03"},
        {"cc" + ids + "f9", "00" + ids + "01"},
        {"cc" + ids + "0e", "00" + ids + "02"},
        {"cc" + ids + "01-", "00" + ids + "01"},
        {"cc" + ids + "01-what-the-future-will-be-like", "00" + ids + "01"},
    };
    for (const auto& [field, taken] : table) CHECK_MESSAGE(traceparent_of(field) == taken, field);
}

TEST_CASE("what is no traceparent is ignored") {
    const std::string no_trace(32, '0');
    const std::string no_parent(16, '0');
    const std::vector<std::string> table{
        "",
        "00-x",
        "00" + ids + "1",
        "00" + ids + "011",
        "00" + ids + "01-",
        "00" + ids + "01-more",
        "01" + ids + "1",
        "01" + ids + "01.more",
        "01" + ids + "011",
        "ff" + ids + "01",
        "0" + ids + "001",
        "0x" + ids + "01",
        "FE" + ids + "01",
        "00" + ids + "0G",
        "00" + ids + "0F",
        "00-" + no_trace + '-' + parent + "-01",
        "00-" + trace + '-' + no_parent + "-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-" + parent + "-01",
        "00-" + trace + "-00F067AA0BA902B7-01",
        "00-" + trace.substr(1) + ".-" + parent + "-01",
        "00-" + trace + "-0." + parent.substr(2) + "-01",
        "00_" + trace + '-' + parent + "-01",
        "00-" + trace + '_' + parent + "-01",
        "00-" + trace + '-' + parent + "_01",
        " 00" + ids + "01",
        "00" + ids + "01 ",
        "00" + ids + "01,00" + ids + "01",
        "00" + ids + std::string("0\0", 2),
    };
    for (const auto& field : table) CHECK_MESSAGE(traceparent_of(field).empty(), field);
}
