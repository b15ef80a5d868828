#include "events/placement.hpp"

#include <algorithm>
#include <string>

namespace dacapo {

int shard_of_title(std::string_view folded_title, int shard_count) {
    return shard_of_key("title:" + std::string(folded_title), shard_count);
}

int shard_of_pair(UserId one, UserId other, int shard_count) {
    const auto [low, high] = std::minmax(one.value, other.value);
    return shard_of_key("pair:" + std::to_string(low) + ":" + std::to_string(high), shard_count);
}

int shard_of_person(UserId person, int shard_count) {
    return shard_of_key("person:" + std::to_string(person.value), shard_count);
}

}  // namespace dacapo
