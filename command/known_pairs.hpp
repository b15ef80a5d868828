// Which account has logged in from which address before. Whoever attacks from elsewhere must not be able to
// keep these out, however much everybody else is slowed down. Bounded, and without I/O, like
// login_throttle.hpp.
#pragma once

#include "command/login_throttle.hpp"

#include <map>

namespace dacapo {

class KnownPairs {
public:
    using Name = LoginThrottle::Name;  // a hash of both

    static constexpr std::chrono::hours memory{90 * 24};  // since the last log-in
    static constexpr std::size_t names_max = 100'000;

    bool contains(const Name& name, Timestamp now) const;
    // When there is no room, those that have not been seen for longest make it.
    void add(const Name& name, Timestamp now);

    std::size_t size() const { return seen_.size(); }
    template <class Each>  // (name, when it was last seen)
    void for_each(Each&& each) const {
        for (const auto& [name, seen] : seen_) each(name, seen);
    }

private:
    void make_room(Timestamp now);

    std::map<Name, Timestamp> seen_;
};

}  // namespace dacapo
