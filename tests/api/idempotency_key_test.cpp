// Which Idempotency-Key fields hold a key, and which. The strings in quotes are cases of RFC 8941 3.3.3.
#include "api/idempotency_key.hpp"

#include <doctest/doctest.h>

#include <utility>
#include <vector>

namespace dacapo {
namespace {

using api::idempotency_key;

TEST_CASE("a key is a string in quotes or bare text") {
    for (const auto& [field, key] : std::vector<std::pair<std::string, std::string>>{
             {R"("8e03978e-40d5-43dd-bc93-6894a57f9324")", "8e03978e-40d5-43dd-bc93-6894a57f9324"},
             {"8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"},
             {R"("two words")", "two words"},
             {R"("a \" and a \\")", R"(a " and a \)"},
             {R"("; ?1, *")", "; ?1, *"},
             {"k", "k"},
             {"a;b=1", "a;b=1"},
             {'"' + std::string(255, 'k') + '"', std::string(255, 'k')},
             {std::string(255, 'k'), std::string(255, 'k')}})
        CHECK_MESSAGE(idempotency_key(field) == key, field);
}

TEST_CASE("what is neither is refused") {
    for (const std::string field :
         {"", "\"", "\"\"", "\"unclosed", "\"escaped end\\\"", "\"end\\", "\"odd \\escape\"",
          "\"two\" \"strings\"", "\"with\";parameter", "two words", "un\"even", "back\\slash", "\"tab\t\"",
          "tab\t", "\"d\xC3\xA9j\xC3\xA0\"", "d\xC3\xA9j\xC3\xA0", "\"\x7F\"", "\x7F"})
        CHECK_MESSAGE(!idempotency_key(field).has_value(), field);
    CHECK_FALSE(idempotency_key(std::string("\"nul\0\"", 6)).has_value());
    CHECK_FALSE(idempotency_key(std::string(256, 'k')).has_value());
    CHECK_FALSE(idempotency_key('"' + std::string(256, 'k') + '"').has_value());
}

}  // namespace
}  // namespace dacapo
