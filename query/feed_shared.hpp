// What the threads of the feed tell each other without a lock: who has a socket anywhere, and how much was
// sent. It lets the projection runner pass over whatever nobody would receive.
#pragma once

#include "query/feed_settings.hpp"

#include <array>
#include <atomic>
#include <vector>

namespace dacapo {

// Counts open sockets by user. Users that share a slot only cost each other a frame that nobody takes.
class FeedPresence {
public:
    void enter(UserId user) { slot_of(user).fetch_add(1); }
    void leave(UserId user) { slot_of(user).fetch_sub(1); }
    bool maybe_here(UserId user) const { return slots_[index_of_user(user)].load() > 0; }

private:
    static constexpr unsigned slot_bits = 16;  // a quarter of a MB
    static std::size_t index_of_user(UserId user) {
        const auto hash = static_cast<std::uint64_t>(user.value) * 0x9E3779B97F4A7C15ULL;
        return static_cast<std::size_t>(hash >> (64 - slot_bits));
    }
    std::atomic<std::uint32_t>& slot_of(UserId user) { return slots_[index_of_user(user)]; }

    std::vector<std::atomic<std::uint32_t>> slots_ =
        std::vector<std::atomic<std::uint32_t>>(std::size_t{1} << slot_bits);
};

struct FeedShared {
    FeedPresence presence;  // of sockets that take messages
    std::atomic<std::size_t> sockets{0};
    std::array<std::atomic<std::size_t>, list_kinds.size()> list_sockets{};  // that take this list

    std::atomic<std::uint64_t> frames{0};
    std::atomic<std::uint64_t> frame_bytes{0};
    std::atomic<std::uint64_t> lists_skipped{0};
    std::atomic<std::uint64_t> closed_by_feed{0};
};

}  // namespace dacapo
