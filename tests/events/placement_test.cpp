#include "events/placement.hpp"

#include <doctest/doctest.h>
#include <array>
#include <string>

namespace dacapo {

// These numbers are in every log that was ever written. When this test fails, the code is wrong, never the
// test.
TEST_CASE("the placement hash gives the same numbers for ever") {
    CHECK(stable_hash("") == 0xEFD01F60BA992926ULL);
    CHECK(stable_hash("a") == 0x82A2A958A9BECE5BULL);
    CHECK(stable_hash("title:jam at the docks") == 0xEBCBF8BC145D35EEULL);
    CHECK(stable_hash("Zoé\n") == 0x46A8CD025C2DC1FBULL);
    CHECK(stable_hash(std::string(300, 'x')) == 0x08231E9AD7B58D59ULL);
    CHECK(stable_hash(std::string("\0\xFF", 2)) == 0xACB64F88D28B68B8ULL);
}

TEST_CASE("titles and pairs and persons lie in the same shards for ever") {
    CHECK(shard_of_title("jam at the docks", 16) == 14);
    CHECK(shard_of_title("", 16) == 15);
    CHECK(shard_of_pair(UserId{1}, UserId{2}, 16) == 2);
    CHECK(shard_of_pair(UserId{9'007'199'254'740'991}, UserId{3}, 16) == 3);
    CHECK(shard_of_person(UserId{1}, 16) == 4);
    CHECK(shard_of_person(UserId{123'456'789}, 16) == 4);
    CHECK(shard_of_person(UserId{1}, 5) == 2);
}

TEST_CASE("the order of a pair does not matter") {
    for (std::int64_t other = 2; other < 200; ++other)
        CHECK(shard_of_pair(UserId{1}, UserId{other}, 16) == shard_of_pair(UserId{other}, UserId{1}, 16));
}

TEST_CASE("an id names its shard and its sequence") {
    for (const int shard_count : {1, 5, 16}) {
        std::int64_t previous = 0;
        for (std::int64_t sequence = 1; sequence <= 50; ++sequence) {
            for (int shard = 0; shard < shard_count; ++shard) {
                const auto id = make_id(sequence, shard, shard_count);
                CHECK(id == previous + (previous ? 1 : shard_count));
                previous = id;
                CHECK(shard_of_id(id, shard_count) == shard);
                CHECK(sequence_of_id(id, shard_count) == sequence);
            }
        }
    }
    CHECK(make_id(1, 0, 16) == 16);
    CHECK(make_id(2, 7, 16) == 39);
}

TEST_CASE("keys spread over the shards") {
    std::array<int, 16> counts{};
    for (std::int64_t person = 1; person <= 16'000; ++person)
        ++counts[static_cast<std::size_t>(shard_of_person(UserId{person}, 16))];
    for (const auto count : counts) {
        CHECK(count > 850);
        CHECK(count < 1150);
    }
}

}  // namespace dacapo
