#include "infra/crypto/flat_json.hpp"

#include <doctest/doctest.h>
#include <string>

using namespace dacapo;

TEST_CASE("a flat object is read") {
    const auto json = FlatJson::parse(R"( { "a" : "x" , "n":-12,"z":0 } )");
    REQUIRE(json);
    CHECK(json->text("a") == "x");
    CHECK(json->integer("n") == -12);
    CHECK(json->integer("z") == 0);
    CHECK_FALSE(json->integer("a"));
    CHECK_FALSE(json->text("n"));
    CHECK_FALSE(json->has("b"));
    CHECK(FlatJson::parse("{}"));
}

TEST_CASE("what is not a flat object is refused") {
    for (const char* text : {"",
                             "[]",
                             "1",
                             "{",
                             "{}}",
                             "{} x",
                             R"({"a":1,})",
                             R"({"a":1,"a":1})",
                             R"({"a":{}})",
                             R"({"a":[1]})",
                             R"({"a":1.5})",
                             R"({"a":1e3})",
                             R"({"a":01})",
                             R"({"a":-01})",
                             R"({"a":+1})",
                             R"({"a":null})",
                             R"({"a":true})",
                             R"({"a":"\u0062"})",
                             R"({"\u0061":1})",
                             R"({"a" 1})",
                             R"({a:1})",
                             R"({"a":"x)",
                             R"({"a":99999999999999999999})",
                             R"({"a":-})",
                             "{\"a\":\"x\n\"}",
                             R"({,"a":1})"})
        CHECK_MESSAGE(!FlatJson::parse(text), text);
}

TEST_CASE("an object has a bounded number of members") {
    const auto object = [](int count) {
        std::string text = "{";
        for (int i = 0; i < count; ++i) text += (i ? ",\"m" : "\"m") + std::to_string(i) + "\":1";
        return text + "}";
    };
    CHECK(FlatJson::parse(object(32)));
    CHECK_FALSE(FlatJson::parse(object(33)));
}
