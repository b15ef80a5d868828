#include "events/json_reader.hpp"
#include "events/json_writer.hpp"

#include <doctest/doctest.h>
#include <boost/json.hpp>
#include <cstring>
#include <limits>
#include <random>

namespace dacapo {
namespace {

namespace json = boost::json;

template <class Value>
std::string written(const Value& value) {
    std::string text;
    JsonWriter(text).value(value);
    return text;
}

json::value read(std::string_view text) {
    boost::system::error_code error;
    auto value = read_json(text, error);
    if (error) throw boost::system::system_error(error);
    return value;
}

bool is_refused(std::string_view text) {
    boost::system::error_code error;
    read_json(text, error);
    return error.failed();
}

void append_utf8(std::string& text, std::uint32_t code) {
    const auto byte = [&](std::uint32_t bits) { text += static_cast<char>(bits); };
    if (code < 0x80) return byte(code);
    if (code < 0x800) {
        byte(0xC0 | code >> 6);
    } else if (code < 0x10000) {
        byte(0xE0 | code >> 12);
        byte(0x80 | (code >> 6 & 0x3F));
    } else {
        byte(0xF0 | code >> 18);
        byte(0x80 | (code >> 12 & 0x3F));
        byte(0x80 | (code >> 6 & 0x3F));
    }
    byte(0x80 | (code & 0x3F));
}

std::string random_text(std::mt19937_64& random) {
    std::string text;
    for (auto left = random() % 40; left > 0; --left) {
        const std::uint32_t limit = std::array<std::uint32_t, 4>{0x20, 0x80, 0x3000, 0x110000}[random() % 4];
        auto code = static_cast<std::uint32_t>(random() % limit);
        if (code >= 0xD800 && code < 0xE000) code = '"';
        append_utf8(text, code);
    }
    return text;
}

}  // namespace

TEST_CASE("any text is written so that others read it back") {
    std::mt19937_64 random(20240314);
    for (int i = 0; i < 5'000; ++i) {
        const auto text = random_text(random);
        CAPTURE(i);
        const auto json_text = written(text);
        REQUIRE(json::parse(json_text).as_string() == text);
        REQUIRE(read(json_text).as_string() == text);
        for (const char c : json_text) REQUIRE(static_cast<unsigned char>(c) >= 0x20);
    }
}

TEST_CASE("what needs escaping is escaped and nothing else") {
    CHECK(written("a\"b\\c/d\n\r\té\x7F") == "\"a\\\"b\\\\c/d\\n\\r\\té\x7F\"");
    CHECK(written(std::string("\0\x1F\b\f", 4)) == R"("\u0000\u001f\u0008\u000c")");
    CHECK(written("") == "\"\"");
}

TEST_CASE("numbers are written shortest and read back exactly") {
    CHECK(written(48.8566) == "48.8566");
    CHECK(written(5.0) == "5");
    CHECK(written(-0.0) == "-0");
    CHECK(written(std::numeric_limits<double>::quiet_NaN()) == "null");
    CHECK(written(std::numeric_limits<double>::infinity()) == "null");
    CHECK(written(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
    CHECK(written(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
    CHECK(written(true) == "true");
    std::mt19937_64 random(7);
    for (int i = 0; i < 20'000; ++i) {
        const auto bits = random();
        double number = 0;
        std::memcpy(&number, &bits, sizeof number);
        if (i % 2) number = std::uniform_real_distribution<double>(-180, 180)(random);
        if (!std::isfinite(number)) continue;
        REQUIRE(read(written(number)).to_number<double>() == number);
    }
}

TEST_CASE("members and elements are separated by commas alone") {
    std::string text;
    JsonWriter out(text);
    out.begin_object();
    out.member("a", 1);
    out.member("b", std::optional<std::int64_t>());
    out.member("c", std::optional<std::string>("x"));
    out.key("d");
    out.begin_array();
    out.begin_object();
    out.end_object();
    out.begin_array();
    out.end_array();
    out.null();
    out.raw("[1]");
    out.end_array();
    out.member("e", false);
    out.end_object();
    CHECK(text == R"({"a":1,"b":null,"c":"x","d":[{},[],null,[1]],"e":false})");
}

TEST_CASE("reading takes one JSON value and nothing else") {
    CHECK(read(" {\"a\": [1, -2, 3.5, true, null, \"x\"]} ") ==
          json::parse(R"({"a":[1,-2,3.5,true,null,"x"]})"));
    for (const char* text :
         {"", " ", "{", "{}x", "{} {}", "[1,]", "{\"a\":1,}", "'a'", "{a:1}", "NaN", "01", "1.", "// c\n1",
          "\"\x01\"", "\"\\u12\"", "\"\\ud800\"", "tru", "\xEF\xBB\xBF{}"})
        CHECK_MESSAGE(is_refused(text), text);
    CHECK(is_refused("\"\xC0\x80\""));
    CHECK(is_refused("\"\xFF\""));
    CHECK(is_refused("\"\xED\xA0\x80\""));
    CHECK(is_refused(std::string_view("\"a\0b\"", 5)));
}

TEST_CASE("nesting is limited") {
    const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
    CHECK(!is_refused(nested(json_nesting_max)));
    CHECK(is_refused(nested(json_nesting_max + 1)));
}

TEST_CASE("a member given twice is told at any depth") {
    boost::system::error_code error;
    std::optional<std::string> twice;
    read_json(R"({"a":{"x":1,"y":2},"b":{"x":1},"c":[{"x":1},{"x":2}]})", error, {}, &twice);
    CHECK(!twice);
    read_json(R"({"a":[{"b":{"x":1,"\u0078":2}}]})", error, {}, &twice);
    CHECK(twice == "x");
    twice.reset();
    read_json(R"({"":1,"":2})", error, {}, &twice);
    CHECK(twice == "");
    CHECK(!error);
}

}  // namespace dacapo
