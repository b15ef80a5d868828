#include "infra/env_file.hpp"

#include <doctest/doctest.h>

using namespace dacapo;

namespace {

// The only variable of a file, or the error.
std::string value(std::string_view text) {
    const auto file = parse_env_file(text);
    if (!file.errors.empty()) return file.errors[0];
    REQUIRE(file.variables.size() == 1);
    return file.variables[0].first + "|" + file.variables[0].second;
}

}  // namespace

TEST_CASE("an env file gives its names and values") {
    CHECK(value("A=b") == "A|b");
    CHECK(value("A=\n") == "A|");
    CHECK(value("  export  A_1 = ") == ".env:1: not a name before the '='");
    CHECK(value("export A=b c ") == "A|b c");
    CHECK(value("# comment\r\n\r\nA=b # more\r\n") == "A|b");
    CHECK(value("A=b#c") == "A|b#c");
    CHECK(value("A=#c") == "A|");
    CHECK(value("A=b=c") == "A|b=c");
}

TEST_CASE("quotes keep what they hold") {
    CHECK(value("A='b # $c \\n'") == "A|b # $c \\n");
    CHECK(value("A=\" b\\n\\t\\\"\\\\\\$ \" # comment") == "A| b\n\t\"\\$ ");
    CHECK(value("A=\"\"") == "A|");
}

TEST_CASE("a line that would be guessed at is an error with its number") {
    CHECK(value("A") == ".env:1: no '=' after the name");
    CHECK(value("\n1A=b") == ".env:2: not a name before the '='");
    CHECK(value("A B=c") == ".env:1: not a name before the '='");
    CHECK(value("A=\"b") == ".env:1: a quote that is not closed");
    CHECK(value("A=\"b\\") == ".env:1: a quote that is not closed");
    CHECK(value("A='b' c") == ".env:1: text after the closing quote");
    CHECK(value("A=\"\\q\"") == ".env:1: an unknown escape");
    CHECK(value("A=b\"c") == ".env:1: a quote inside a value without quotes");
    CHECK(value("A=1\nA=2") == ".env:2: a name that is there already");
    CHECK(value(std::string_view("A=\0", 3)) == ".env:1: a NUL");
}

TEST_CASE("all errors of a file are told at once") { CHECK(parse_env_file("A\nB=1\nC").errors.size() == 2); }
