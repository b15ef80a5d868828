// People in the order they came, out of which anyone may step: the waiting list of a roster.
// A structure of its own because a list of thousands must be quick to join, to leave and to be first in.
#pragma once

#include "events/ids.hpp"

#include <cstddef>
#include <map>
#include <vector>

namespace dacapo {

struct WaitingLine {
    std::vector<UserId> line;              // in order; whoever left before their turn leaves a gap (no user)
    std::int64_t gap_count_front = 0;      // gaps before the first person
    std::map<UserId, std::int64_t> index;  // where each person stands in `line`

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("line", self.line);
        field("gap_count_front", self.gap_count_front);
        field("index", self.index);
    }
    bool operator==(const WaitingLine&) const = default;

    std::int64_t size() const { return static_cast<std::int64_t>(index.size()); }
    bool contains(UserId user) const { return index.contains(user); }
    // 1 for the first in line, 0 for somebody who does not wait. Linear, over a plain array.
    std::int64_t place_of(UserId user) const;
    // The first `count` people, or all if there are fewer.
    std::vector<UserId> first(std::int64_t count) const;

    // The user does not wait yet.
    void enter(UserId user);
    // The user waits. Costs log(n), averaged over many.
    void leave(UserId user);

private:
    void close_gaps();
};

}  // namespace dacapo
