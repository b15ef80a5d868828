// How far somebody has come in the log: one place per shard, or one for all where the log is a single
// sequence. The embedded log is one sequence, so there every shard's place is the same number; on Kafka each
// shard is a partition with offsets of its own, and only the whole of them says what has been seen.
#pragma once

#include "infra/log/position.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace dacapo {

class Frontier {
public:
    // The same place for every shard: implicit, because a single sequence is spoken of by one number.
    Frontier(Position everywhere = 0) : one_(everywhere) {}  // NOLINT(google-explicit-constructor)
    // The beginning of a log whose shards count by themselves.
    static Frontier of_shards(int shard_count) {
        Frontier frontier;
        frontier.many_.assign(static_cast<std::size_t>(shard_count), 0);
        return frontier;
    }

    bool is_one_sequence() const { return many_.empty(); }
    // One for a single sequence, else one for each shard, in their order.
    std::span<const Position> places() const {
        return many_.empty() ? std::span(&one_, 1) : std::span(many_.data(), many_.size());
    }

    // Up to where this shard's records are known. Positions begin at 1; 0: none is.
    Position at(int shard) const { return many_.empty() ? one_ : many_[static_cast<std::size_t>(shard)]; }
    // Never goes back.
    void advance(int shard, Position position) {
        auto& place = many_.empty() ? one_ : many_[static_cast<std::size_t>(shard)];
        place = std::max(place, position);
    }
    void advance(const Frontier& other) {
        for (int i = 0; i < count(); ++i) advance(i, other.at(i));
    }

    bool covers(int shard, Position position) const { return at(shard) >= position; }
    bool covers(const Frontier& other) const {
        for (int i = 0; i < std::max(count(), other.count()); ++i)
            if (at(i) < other.at(i)) return false;
        return true;
    }
    // How many positions of the other are not in this one: what is left to read.
    std::int64_t missing_of(const Frontier& other) const {
        std::int64_t missing = 0;
        for (int i = 0; i < count(); ++i) missing += std::max<std::int64_t>(0, other.at(i) - at(i));
        return missing;
    }
    // The sum of all places: grows with each record, and says nothing else.
    std::int64_t total() const {
        std::int64_t sum = 0;
        for (const auto place : places()) sum += place;
        return sum;
    }

    bool operator==(const Frontier&) const = default;

private:
    int count() const { return static_cast<int>(places().size()); }

    Position one_ = 0;
    std::vector<Position> many_;  // empty: one sequence, which costs no allocation
};

}  // namespace dacapo
