#include "infra/log/frontier.hpp"

#include <doctest/doctest.h>

namespace dacapo {

TEST_CASE("in one sequence every shard is as far as the number says") {
    Frontier frontier;
    CHECK(frontier.is_one_sequence());
    CHECK(frontier == 0);
    frontier.advance(3, 7);
    frontier.advance(12, 5);  // never back
    CHECK(frontier == 7);
    CHECK(frontier.at(0) == 7);
    CHECK(frontier.covers(9, 7));
    CHECK_FALSE(frontier.covers(9, 8));
    CHECK(frontier.total() == 7);
    CHECK(frontier.missing_of(10) == 3);
    CHECK(frontier.missing_of(4) == 0);
}

TEST_CASE("shards that count by themselves are compared one by one") {
    auto behind = Frontier::of_shards(4);
    auto ahead = Frontier::of_shards(4);
    CHECK_FALSE(behind.is_one_sequence());
    CHECK(behind.covers(ahead));
    ahead.advance(1, 5);
    behind.advance(2, 9);
    CHECK_FALSE(behind.covers(ahead));
    CHECK_FALSE(ahead.covers(behind));
    CHECK(behind.missing_of(ahead) == 5);
    CHECK(behind.total() == 9);
    behind.advance(ahead);
    CHECK(behind.at(1) == 5);
    CHECK(behind.at(2) == 9);
    CHECK(behind.covers(ahead));
}

TEST_CASE("the beginning of a sequence is the beginning of every shard") {
    CHECK(Frontier::of_shards(4).covers(Frontier()));
    CHECK(Frontier().covers(Frontier::of_shards(4)));
    auto some = Frontier::of_shards(4);
    some.advance(3, 1);
    CHECK_FALSE(Frontier().covers(some));
    CHECK(Frontier(1).covers(some));
}

}  // namespace dacapo
