// Slows down guessing of passwords: failed attempts per name (an account, known or not, or an address), with
// a growing pause. Bounded, and without I/O: login_failures.hpp keeps it in a file.
#pragma once

#include "events/fields.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <map>
#include <optional>

namespace dacapo {

class LoginThrottle {
public:
    static constexpr int free_failures = 5;
    static constexpr std::chrono::seconds pause_first{1};  // doubles with each further failure
    static constexpr std::chrono::seconds pause_max{900};
    static constexpr std::chrono::seconds memory{3600};
    static constexpr std::size_t names_max = 100'000;

    static constexpr std::int64_t free_without_end = std::numeric_limits<std::int64_t>::max();

    using Name = std::array<std::uint8_t, 16>;  // a hash: no names in clear
    struct Failures {
        std::int64_t count = 0;
        Timestamp last;
    };

    explicit LoginThrottle(int free = free_failures) : free_(free) {}

    // How long this name must wait; nothing when it may try now. `free_max`: where fewer failures than usual
    // are free.
    std::optional<std::chrono::seconds> pause(const Name& name, Timestamp now,
                                              std::int64_t free_max = free_without_end) const;
    // Whether one more attempt keeps to what is free when those under way fail as well; alone it always does.
    bool has_room(const Name& name, std::int64_t under_way, std::int64_t free_max = free_without_end) const {
        return under_way == 0 ||
               failures_of(name).count + under_way <= std::min<std::int64_t>(free_, free_max);
    }
    void failed(const Name& name, Timestamp now);
    void succeeded(const Name& name) { failures_.erase(name); }

    std::size_t size() const { return failures_.size(); }
    Failures failures_of(const Name& name) const {
        const auto found = failures_.find(name);
        return found == failures_.end() ? Failures{} : found->second;
    }
    // As failures_of() gave it; a count of 0 is none.
    void restore(const Name& name, Failures failures) {
        if (failures.count <= 0)
            failures_.erase(name);
        else if (failures_.size() < names_max || failures_.contains(name))
            failures_[name] = failures;
    }
    template <class Each>  // (name, failures)
    void for_each(Each&& each) const {
        for (const auto& [name, failures] : failures_) each(name, failures);
    }

private:
    int free_;
    std::map<Name, Failures> failures_;
};

}  // namespace dacapo
