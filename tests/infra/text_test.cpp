#include "infra/text.hpp"

#include <doctest/doctest.h>

using namespace dacapo;
using namespace std::string_literals;

TEST_CASE("text is stored composed and trimmed") {
    CHECK(normalised("Jam") == "Jam");
    CHECK(normalised("  Jam \xE2\x80\x83\xC2\xA0") == "Jam");  // em space, no-break space
    CHECK(normalised("Cafe\xCC\x81") == "Caf\xC3\xA9");
    CHECK(normalised("a  b") == "a  b");
    CHECK(normalised(" \xE3\x80\x80 ") == "");
    CHECK(normalised("") == "");
    CHECK(normalised("\xF0\x9F\x8E\xB8") == "\xF0\x9F\x8E\xB8");
}

TEST_CASE("text that is not UTF-8 is refused") {
    for (const auto& text :
         {"\xFF"s, "\xC3"s, "a\xC0\x80"s, "\xED\xA0\x80"s, "\xF4\x90\x80\x80"s, "\xE2\x82"s}) {
        CHECK_FALSE(normalised(text));
        CHECK_FALSE(is_valid_utf8(text));
    }
    CHECK(is_valid_utf8("\xF4\x8F\xBF\xBF"));
}

TEST_CASE("control characters are refused") {
    for (const auto& text : {"a\0b"s, "a\nb"s, "a\tb"s, "a\x7F"s, "a\x1B[31m"s, "a\xC2\x85z"s, "a\xC2\x9Bz"s})
        CHECK_FALSE(normalised(text));
    CHECK_FALSE(normalised("a\0b"s, Lines::many));
    CHECK_FALSE(normalised("a\rb", Lines::many));
    CHECK_FALSE(normalised("a\x0Bz", Lines::many));
}

TEST_CASE("long texts keep their lines") {
    CHECK(normalised("one\n\ttwo\n", Lines::many) == "one\n\ttwo");
    CHECK(normalised("one\r\ntwo", Lines::many) == "one\ntwo");
}

TEST_CASE("folding forgets case accents and spaces") {
    CHECK(fold("  Soir\xC3\xA9"
               "e   JAZZ ") == "soiree jazz");
    CHECK(fold("Soire\xCC\x81"
               "e\xC2\xA0"
               "jazz") == "soiree jazz");
    CHECK(fold("JAZZ\tCLUB") == "jazz club");
    CHECK(fold("\xEF\xBC\xAA\xEF\xBD\x81\xEF\xBD\x8D") == "jam");  // full width
    CHECK(fold("na\xC3\xAFve\xE2\x80\x8B") == "naive");            // zero width space
    CHECK(fold("") == "");
    CHECK(fold(" \xE2\x80\x83 ") == "");
}

TEST_CASE("folding spells out what Unicode keeps whole") {
    CHECK(fold("\xC5\x92uvre") == "oeuvre");
    CHECK(fold("\xC3\x86ther") == "aether");
    CHECK(fold("Stra\xC3\x9F"
               "e \xE1\xBA\x9E") == "strasse ss");
    CHECK(fold("\xC3\x98rsted \xC5\x81\xC3\xB3"
               "d\xC5\xBA \xC4\x90or\xC4\x91"
               "e \xC3\x9Eor") == "orsted lodz dorde thor");
    CHECK(fold("\xC4\xB0stanbul \xC4\xB1") == "istanbul i");
}

TEST_CASE("folding keeps marks that spell another word") {
    CHECK(fold("\xE3\x81\x8B") != fold("\xE3\x81\x8C"));              // ka and ga
    CHECK(fold("\xE0\xA4\x95\xE0\xA4\xBF") != fold("\xE0\xA4\x95"));  // ki and ka
}

TEST_CASE("folding takes anything and folding twice changes nothing") {
    for (const auto& text :
         {"a\xFFz"s, "\xC3"s, "A\0B"s, "\xE1\xB4\xAC \xC7\x86 \xEF\xAC\x83"s, "\xCC\x81"s}) {
        CHECK(is_valid_utf8(fold(text)));
        CHECK(fold(fold(text)) == fold(text));
    }
}

TEST_CASE("length is counted in code points") {
    CHECK(code_points("") == 0);
    CHECK(code_points("jam") == 3);
    CHECK(code_points("\xC3\xA9t\xC3\xA9") == 3);
    CHECK(code_points("\xF0\x9F\x8E\xB8!") == 2);
}

TEST_CASE("printable text holds neither controls nor broken bytes") {
    CHECK(printable("caf\xC3\xA9") == "caf\xC3\xA9");
    CHECK(printable("a\r\nb") ==
          "a\xEF\xBF\xBD\xEF\xBF\xBD"
          "b");
    CHECK(printable("\xC2\x9B"
                    "31m\xFF\x7F") ==
          "\xEF\xBF\xBD"
          "31m\xEF\xBF\xBD\xEF\xBF\xBD");
}
