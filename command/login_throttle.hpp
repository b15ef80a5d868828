// Slows down guessing of passwords: failed log-ins per name asked for (known or not), with a growing pause.
// Bounded, and kept in the snapshot of shard 0 so that a restart does not forget an attack.
#pragma once

#include "events/fields.hpp"

#include <array>
#include <chrono>
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

    using Name = std::array<std::uint8_t, 16>;  // text_hash() of what was given as e-mail or username

    // How long this name must wait; nothing when it may try now.
    std::optional<std::chrono::seconds> pause(const Name& name, Timestamp now) const;
    void failed(const Name& name, Timestamp now);
    void succeeded(const Name& name) { failures_.erase(name); }

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("failures", self.failures_);
    }

private:
    struct Failures {
        std::int64_t count = 0;
        Timestamp last;
        template <class Self, class Field>
        static void fields(Self& self, Field&& field) {
            field("count", self.count);
            field("last", self.last);
        }
    };
    std::map<Name, Failures> failures_;
};

}  // namespace dacapo
