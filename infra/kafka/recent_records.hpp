// The newest valid records of all shards, decoded, in memory; and the waiting for more.
// Followers are served from here; positions have holes, so each shard knows from where on its records are all
// here.
#pragma once

#include "infra/log/event_log.hpp"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>

namespace dacapo::kafka {

class RecentRecords {
public:
    struct Fresh {
        LogEntryPtr entry;
        std::size_t bytes;
    };

    // Holds nothing yet; all records after `start` will be published. The oldest of all shards go first when
    // more than this has come.
    RecentRecords(Frontier start, std::size_t records_max, std::size_t bytes_max);

    // In order within each shard. Makes them visible and wakes who waits for them.
    void publish(std::span<const Fresh> fresh);
    // The log can no longer be read: from now on wait_past() and require_readable() throw LogRefused with
    // this text.
    void fail(const std::string& why);
    void require_readable() const;

    Frontier head() const;
    struct Gap {
        int shard;
        Position last;  // the newest record that is no longer held
    };
    // The first shard of which records after this frontier are no longer held; nothing when all are.
    std::optional<Gap> first_gap(const Frontier& after) const;
    // Adds up to `count_max` records to `page`, of those shards whose records after the frontier are all
    // held.
    void read_after(const Frontier& after, std::size_t count_max, std::vector<LogEntryPtr>& page) const;
    // Null when it is not held.
    LogEntryPtr at(int shard, Position position) const;

    bool wait_past(const Frontier& after, std::chrono::milliseconds patience);
    void wake();

private:
    struct Shard {
        Position complete_after = 0;  // every later record up to the head is held
        std::deque<Fresh> held;
    };
    void require_readable_locked() const;

    const std::size_t records_max_;
    const std::size_t bytes_max_;
    mutable std::mutex mutex_;
    std::condition_variable moved_;
    Frontier head_;
    std::vector<Shard> shards_;
    std::deque<int> arrivals_;  // the shard of each record held, oldest first
    std::size_t bytes_ = 0;
    std::string fault_;
    std::uint64_t wakes_ = 0;
    mutable std::size_t turn_ = 0;  // so that no shard is always read first
};

}  // namespace dacapo::kafka
