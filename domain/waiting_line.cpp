#include "domain/waiting_line.hpp"

#include <algorithm>

namespace dacapo {

std::int64_t WaitingLine::place_of(UserId user) const {
    const auto found = index.find(user);
    if (found == index.end()) return 0;
    return 1 + std::count_if(line.begin() + gap_count_front, line.begin() + found->second,
                             [](UserId other) { return static_cast<bool>(other); });
}

std::vector<UserId> WaitingLine::first(std::int64_t count) const {
    std::vector<UserId> people;
    people.reserve(static_cast<std::size_t>(std::clamp<std::int64_t>(count, 0, size())));
    for (auto at = line.begin() + gap_count_front; at != line.end() && std::ssize(people) < count; ++at)
        if (*at) people.push_back(*at);
    return people;
}

void WaitingLine::enter(UserId user) {
    index.emplace(user, std::ssize(line));
    line.push_back(user);
}

void WaitingLine::leave(UserId user) {
    const auto found = index.find(user);
    line[static_cast<std::size_t>(found->second)] = UserId{};
    index.erase(found);
    while (gap_count_front < std::ssize(line) && !line[static_cast<std::size_t>(gap_count_front)])
        ++gap_count_front;
    // Half gaps at most, so that people who come and go cannot make the line grow for ever.
    constexpr std::int64_t gap_count_free = 32;
    if (std::ssize(line) > 2 * size() + gap_count_free) close_gaps();
}

void WaitingLine::close_gaps() {
    std::erase(line, UserId{});
    gap_count_front = 0;
    for (std::size_t i = 0; i < line.size(); ++i) index[line[i]] = static_cast<std::int64_t>(i);
}

}  // namespace dacapo
