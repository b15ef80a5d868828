// The bounds of the live feed, each with its name and unit, its topics and its close codes.
// Together, so that an operator sees what one client may ask for and a test can pass each limit.
#pragma once

#include "infra/http/websocket.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

namespace dacapo {

struct FeedSettings {
    // Changes within this time share one list.
    std::chrono::milliseconds list_interval{100};
    // All lists of this server together; a list to many sockets is followed by a pause.
    std::size_t list_bytes_per_s_max = std::size_t{64} << 20;
    std::int64_t event_count_max = 200;     // the last created or changed
    std::int64_t check_in_count_max = 500;  // the newest
    // Of one list's data. The oldest entries are left out, so that `initial` fits into a socket's queue.
    std::size_t list_bytes_max = std::size_t{384} << 10;

    // A socket whose queue is longer gets no lists until it has drained; messages go on.
    std::size_t queued_bytes_soft_max = std::size_t{256} << 10;
    // What is sent live while a socket's first frame is being read; past it the socket closes as too slow.
    std::size_t early_bytes_max = std::size_t{256} << 10;
    // Of what a socket that comes back has missed: more records to look through, or more to send, and it is
    // told to read anew. With `initial` it fits into a socket's queue.
    std::int64_t replay_records_max = 100'000;
    std::size_t replay_bytes_max = std::size_t{256} << 10;
    std::size_t sockets_per_user_max = 20;
    std::size_t inbound_count_max = 100;  // messages from a client within inbound_window
    std::chrono::seconds inbound_window{10};

    // How often expired tokens are looked for.
    std::chrono::milliseconds expiry_interval{500};
    // Later than this the tables are no base for a feed: a handshake is told to come again (503).
    double lag_s_max = 2.0;
    // Lists that could not be read are tried again after this.
    std::chrono::milliseconds retry_interval{1000};

    // What went wrong, for the log. Any thread; must not block.
    std::function<void(std::string_view)> trouble = [](std::string_view) {};
};

// 40xx: do not come back. 41xx: later. 42xx: at once.
namespace feed_close {
inline constexpr std::uint16_t session_ended = 4003;
inline constexpr std::uint16_t replaced = 4009;
inline constexpr std::uint16_t overloaded = 4100;
inline constexpr std::uint16_t rate_limited = 4102;
inline constexpr std::uint16_t token_expired = 4202;
}  // namespace feed_close

enum class FeedTopic : std::uint8_t { messages, events, check_ins };
inline constexpr std::array<std::string_view, 3> feed_topic_names{"messages", "events", "checkIns"};

// A set of topics.
class FeedTopics {
public:
    static constexpr FeedTopics all() {
        FeedTopics topics;
        for (std::size_t i = 0; i < feed_topic_names.size(); ++i) topics.add(static_cast<FeedTopic>(i));
        return topics;
    }
    // `messages,checkIns`; nothing when a name is unknown or there is none.
    static std::optional<FeedTopics> from_text(std::string_view text);

    constexpr void add(FeedTopic topic) { bits_ |= bit(topic); }
    constexpr bool has(FeedTopic topic) const { return (bits_ & bit(topic)) != 0; }
    bool operator==(const FeedTopics&) const = default;

private:
    static constexpr unsigned bit(FeedTopic topic) { return 1U << static_cast<unsigned>(topic); }
    unsigned bits_ = 0;
};

// The topics that are lists, each sent whole whenever anything in it changes.
enum class ListKind : std::uint8_t { events, check_ins };
inline constexpr std::array<ListKind, 2> list_kinds{ListKind::events, ListKind::check_ins};
constexpr std::size_t index_of(ListKind kind) { return static_cast<std::size_t>(kind); }
constexpr FeedTopic topic_of(ListKind kind) {
    return kind == ListKind::events ? FeedTopic::events : FeedTopic::check_ins;
}
// As `type` in frames.
constexpr std::string_view name_of(ListKind kind) {
    return feed_topic_names[static_cast<std::size_t>(topic_of(kind))];
}

}  // namespace dacapo
