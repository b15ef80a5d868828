#include "api/position_token.hpp"

#include <doctest/doctest.h>
#include <limits>

namespace dacapo::api {
namespace {

const std::string epoch = "0123456789abcdef";

}  // namespace

TEST_CASE("a position reads back as it was written") {
    PositionToken token{epoch, {}};
    CHECK(to_text(token) == epoch);
    CHECK(position_from_text(to_text(token)) == token);
    for (int shard = 0; shard < 16; ++shard)
        token.places[shard] = std::numeric_limits<Position>::max() - shard;
    CHECK(position_from_text(to_text(token)) == token);
    CHECK(to_text({epoch, {{3, 7}, {12, 900}}}) == epoch + ".3-7.12-900");
}

TEST_CASE("the newest place counts in one sequence, and each shard's own where they count apart") {
    const PositionToken token{epoch, {{0, 5}, {3, 7}, {99, 1}}};
    CHECK(PositionToken{}.frontier({}) == 0);
    CHECK(token.frontier({}) == 7);
    const auto apart = token.frontier(Frontier::of_shards(16));
    CHECK(apart.at(0) == 5);
    CHECK(apart.at(1) == 0);
    CHECK(apart.at(3) == 7);  // a shard that the log does not have is nothing to wait for
    CHECK(token_of(epoch, apart) == PositionToken{epoch, {{0, 5}, {3, 7}}});
    CHECK(token_of(epoch, 7) == PositionToken{epoch, {{0, 7}}});
}

TEST_CASE("merging keeps the newer place of each shard") {
    PositionToken token{epoch, {{0, 5}, {3, 7}}};
    token.merge({epoch, {{0, 9}, {3, 6}, {4, 1}}});
    CHECK(token == PositionToken{epoch, {{0, 9}, {3, 7}, {4, 1}}});
    CHECK(position_from_text(epoch + ".3-7.3-5") == PositionToken{epoch, {{3, 7}}});
}

TEST_CASE("what is not a position is told apart") {
    for (const char* text : {"",
                             "0123456789abcde",
                             "0123456789abcdeg.0-1",
                             "0123456789ABCDEF.0-1",
                             "0123456789abcdef.",
                             "0123456789abcdef0-1",
                             "0123456789abcdef.0",
                             "0123456789abcdef.0-",
                             "0123456789abcdef.-1",
                             "0123456789abcdef.0-1.",
                             "0123456789abcdef..0-1",
                             "0123456789abcdef.0--1",
                             "0123456789abcdef.0--0",
                             "0123456789abcdef.-0-1",
                             "0123456789abcdef.0-+1",
                             "0123456789abcdef.0-1x",
                             "0123456789abcdef. 0-1",
                             "0123456789abcdef.0-9223372036854775808",
                             "0123456789abcdef.2147483648-1",
                             "0123456789abcdef,0-1"})
        CHECK_MESSAGE(!position_from_text(text), text);
    std::string long_text = epoch;
    while (long_text.size() <= 1020) long_text += ".0-1";
    CHECK(position_from_text(long_text));
    CHECK(!position_from_text(long_text + ".0-1"));
    CHECK(!position_from_text(std::string_view("0123456789abcdef.0-1\0", 21)));
}

}  // namespace dacapo::api
