#include "command/known_pairs.hpp"

#include <doctest/doctest.h>
#include <cstring>

namespace dacapo {
namespace {

using namespace std::chrono_literals;

constexpr Timestamp noon{std::chrono::milliseconds{1'710'417'600'000}};

KnownPairs::Name name(std::uint32_t number) {
    KnownPairs::Name made{};
    std::memcpy(made.data(), &number, sizeof number);
    return made;
}

}  // namespace

TEST_CASE("a pair is known for as long as it is remembered, from the last time on") {
    KnownPairs pairs;
    CHECK_FALSE(pairs.contains(name(1), noon));
    pairs.add(name(1), noon);
    pairs.add(name(1), noon + 1h);
    CHECK(pairs.contains(name(1), noon + 1h + KnownPairs::memory));
    CHECK_FALSE(pairs.contains(name(1), noon + 1h + KnownPairs::memory + 1ms));
    CHECK_FALSE(pairs.contains(name(2), noon));
}

TEST_CASE("the number of pairs is bounded and those make room that came least lately") {
    KnownPairs pairs;
    const auto names_max = static_cast<std::uint32_t>(KnownPairs::names_max);
    for (std::uint32_t i = 0; i < names_max; ++i) pairs.add(name(i), noon + std::chrono::milliseconds(i));
    CHECK(pairs.size() == names_max);
    const auto later = noon + 1h;
    pairs.add(name(0), later);  // known already: needs no room
    CHECK(pairs.size() == names_max);
    for (std::uint32_t i = 0; i < names_max; ++i) {
        pairs.add(name(names_max + i), later + std::chrono::milliseconds(i));
        REQUIRE(pairs.size() <= names_max);
    }
    CHECK_FALSE(pairs.contains(name(1), later));
    CHECK(pairs.contains(name(2 * names_max - 1), later));
}

TEST_CASE("there is room again where all came at the same moment, or too long ago") {
    KnownPairs pairs;
    const auto names_max = static_cast<std::uint32_t>(KnownPairs::names_max);
    for (std::uint32_t i = 0; i < names_max; ++i) pairs.add(name(i), noon);
    pairs.add(name(names_max), noon);
    CHECK(pairs.size() == names_max);
    CHECK(pairs.contains(name(names_max), noon));
    const auto later = noon + KnownPairs::memory + 1ms;
    pairs.add(name(names_max + 1), later);
    CHECK(pairs.size() == 1);
}

}  // namespace dacapo
