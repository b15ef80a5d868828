// The checker of schemas itself: what it accepts, what it does not, and that it says so when it cannot judge.
#include "tests/support/json_schema.hpp"

#include <doctest/doctest.h>

namespace dacapo::test {
namespace {

namespace json = boost::json;

struct Row {
    std::string_view schema;
    std::string_view good;
    std::string_view bad;
    std::string_view fault;
};

TEST_CASE("a value is as its schema says, or where it is not is told") {
    const auto document =
        json::parse(R"({"components":{"schemas":{"Name":{"type":"string","maxLength":2}}}})");
    const JsonSchemas schemas(document);
    for (const auto& row : {
             Row{R"({"type":"integer"})", "3", "3.5", "another type"},
             Row{R"({"type":["string","null"]})", "null", "3", "another type"},
             Row{R"({"enum":["a",null]})", "null", "\"b\"", "not in the enum"},
             Row{R"({"minimum":1,"maximum":3})", "3", "0", "below the minimum"},
             Row{R"({"minimum":1,"maximum":3})", "1", "4", "above the maximum"},
             Row{R"({"minLength":2})", R"("éé")", R"("é")", "too short"},
             Row{R"({"maxLength":2})", R"("éé")", R"("ééé")", "too long"},
             Row{R"({"pattern":"^[a-z]+$"})", R"("abc")", R"("abC")", "not of the pattern"},
             Row{R"({"format":"date-time"})", R"("2024-02-29T23:59:59Z")", R"("2023-02-29T23:59:59Z")",
                 "not of the format"},
             Row{R"({"format":"date-time"})", R"("2024-03-14T12:00:00Z")", R"("2024-03-14T12:00:00+01:00")",
                 "not of the format"},
             Row{R"({"format":"date-time"})", R"("2024-03-14T12:00:00Z")", R"("2024-03-14T24:00:00Z")",
                 "not of the format"},
             Row{R"({"format":"uri-reference"})", R"("/docs#problem-not_found")", R"("/a b")",
                 "not of the format"},
             Row{R"({"format":"email"})", R"("a@b")", R"("ab")", "not of the format"},
             Row{R"({"items":{"type":"integer"}})", "[1,2]", R"([1,"2"])", "/- has another type"},
             Row{R"({"required":["a"]})", R"({"a":1,"b":2})", R"({"b":2})", "/a is missing"},
             Row{R"({"properties":{"a":{"type":"integer"}}})", "{}", R"({"a":"1"})", "/a has another type"},
             Row{R"({"properties":{"a":{}}})", R"({"a":1})", R"({"b":1})", "/b is not documented"},
             Row{R"({"$ref":"#/components/schemas/Name"})", R"("ab")", R"("abc")", "too long"},
             Row{R"({"anyOf":[{"type":"null"},{"type":"integer"}]})", "3", "true", "as anyOf says"},
             Row{R"({"allOf":[{"minimum":1},{"maximum":3}]})", "3", "4", "as allOf says"},
             Row{R"({"oneOf":[{"minimum":1},{"maximum":3}]})", "4", "2", "as oneOf says"},
             Row{R"({"allOf":[{"properties":{"a":{}}}],"properties":{"b":{}}})", R"({"a":1,"b":1})",
                 R"({"c":1})", "/c is not documented"},
         }) {
        CAPTURE(row.schema);
        const auto schema = json::parse(row.schema);
        CHECK(schemas.mismatch(json::parse(row.good), schema) == "");
        const auto fault = schemas.mismatch(json::parse(row.bad), schema);
        CHECK_MESSAGE(fault.find(row.fault) != fault.npos, fault);
        CHECK(schemas.unknown_in(schema) == "");
    }
}

TEST_CASE("a keyword or a format that the checker does not know is a fault, wherever it stands") {
    const json::value no_document;
    const JsonSchemas schemas(no_document);
    CHECK(schemas.mismatch(3, json::parse(R"({"multipleOf":2})")).find("unknown keyword multipleOf") !=
          std::string::npos);
    for (const auto* schema : {R"({"multipleOf":2})", R"({"format":"uuid"})",
                               R"({"items":{"uniqueItems":true}})", R"({"properties":{"a":{"const":1}}})",
                               R"({"anyOf":[{"not":{}}]})", R"({"additionalProperties":{"minItems":1}})"})
        CHECK_MESSAGE(schemas.unknown_in(json::parse(schema)) != "", schema);
}

}  // namespace
}  // namespace dacapo::test
