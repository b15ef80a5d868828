// Which Idempotency-Keys this process has seen: a repeat gets the first answer, another body under the same
// key is refused wherever it would have gone, and a repeat of a command that is still running waits for it.
#pragma once

#include "command/shard_state.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <memory>
#include <mutex>
#include <string_view>
#include <variant>
#include <vector>

namespace dacapo {

// Of user, method, path and key; and of the body.
IdempotencyMark idempotency_mark(UserId user, std::string_view method, std::string_view path,
                                 std::string_view key, std::string_view body);

class IdempotencyTable {
public:
    explicit IdempotencyTable(std::size_t keys_max = 4'000'000) : keys_max_(keys_max) {}

    struct First {};         // nobody has used the key: go on, then finish() or forget()
    struct OtherRequest {};  // the key belongs to a request with another body
    struct Repeat {          // the first one recorded this
        int shard = 0;
        Position position = 0;
    };
    using Begin = std::variant<First, OtherRequest, Repeat>;

    // Waits while the first request with this key is running.
    boost::asio::awaitable<Begin> begin(IdempotencyMark mark, Timestamp now);
    // The command was recorded there, at `time`. Also frees what has been remembered for longer than the
    // window.
    void finish(const IdempotencyMark& mark, int shard, Position position, Timestamp time);
    // The command was refused, failed or recorded nothing: the key is free again.
    void forget(const IdempotencyMark& mark);
    // Drops whoever still waits, unresumed: before the executors of the waiters go away.
    void clear_waiting();
    // At start, from the shards' states.
    void remember(int shard, const RememberedKey& key);

private:
    struct Entry {
        std::uint64_t fingerprint = 0;
        int shard = 0;
        Position position = 0;  // 0: running
        Timestamp time;
        std::vector<std::shared_ptr<boost::asio::steady_timer>> waiting;
    };
    using Key = std::array<std::uint8_t, 16>;

    void wake(Entry& entry);
    void drop_oldest();

    const std::size_t keys_max_;
    std::mutex mutex_;
    boost::unordered_flat_map<Key, Entry, TextHashHash> entries_;
    std::deque<std::pair<Key, Position>> order_;  // finished ones, oldest first, to bound the table
};

}  // namespace dacapo
