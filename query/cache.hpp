// Ready answers kept in memory, exact: never served once an event has changed what they show.
// Here because a hot read must cost no SQL, no JSON and no lock: one cache per I/O thread over shared
// counters.
#pragma once

#include "infra/log/event_log.hpp"

#include <array>
#include <atomic>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

namespace dacapo {

// What an answer depends on. An event drops the tags of all it changes (query/cache_rules.cpp).
enum class TagKind : std::uint8_t {
    users,         // any account
    user,          // one account, by id
    events,        // any gathering or roster
    event,         // one gathering and its roster, by id
    messages,      // what one person sent and received, by user id
    read_markers,  // any: the event that moves one does not name the other member
    instruments,   // any instrument
    genres,        // any genre
};

struct Tag {
    TagKind kind{};
    std::int64_t id = 0;

    bool operator==(const Tag&) const = default;
};

// One counter per tag, shared by all threads. Tags that fall on the same counter only cost each other a miss.
class TagCounters {
public:
    static constexpr std::size_t counter_count = std::size_t{1} << 16;  // half a MB

    void drop(Tag tag) { counters_[slot_of(tag)].fetch_add(1, std::memory_order_acq_rel); }
    // Every answer: the tables have been built anew.
    void drop_all() { generation_.fetch_add(1, std::memory_order_acq_rel); }
    std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }
    std::uint64_t at(std::uint32_t slot) const { return counters_[slot].load(std::memory_order_acquire); }
    static std::uint32_t slot_of(Tag tag);

private:
    std::vector<std::atomic<std::uint64_t>> counters_ =
        std::vector<std::atomic<std::uint64_t>>(counter_count);
    std::atomic<std::uint64_t> generation_{0};
};

// A body as it is sent, with its headers (ETag, Cache-Control, Link, X-Total-Count).
struct Answer {
    std::shared_ptr<const std::string> body;
    std::string etag;
    std::vector<std::pair<std::string, std::string>> headers;
};
using AnswerPtr = std::shared_ptr<const Answer>;

// The counters of an answer's tags as they stood before its tables were read: take it first, then read. An
// event that is committed later drops a counter later, so an answer built from older rows never becomes
// valid.
class Watch {
public:
    static constexpr std::size_t tag_count_max = 4;

    Watch() = default;
    // Throws std::length_error past tag_count_max.
    Watch(const TagCounters& counters, std::span<const Tag> tags);
    bool unchanged(const TagCounters& counters) const {
        if (counters.generation() != generation_) return false;
        for (std::size_t i = 0; i < count_; ++i)
            if (counters.at(seen_[i].slot) != seen_[i].counter) return false;
        return true;
    }

private:
    struct Seen {
        std::uint32_t slot = 0;
        std::uint64_t counter = 0;
    };
    std::array<Seen, tag_count_max> seen_;
    std::size_t count_ = 0;
    std::uint64_t generation_ = 0;
};

// Used by one thread. The least recently used answers go when the bytes are full.
class Cache {
public:
    struct Stats {
        std::uint64_t hits = 0;
        std::uint64_t misses = 0;
        std::uint64_t evictions = 0;
    };

    Cache(const TagCounters& counters, std::size_t bytes_max) : counters_(counters), bytes_max_(bytes_max) {}

    Watch watch(std::span<const Tag> tags) const { return Watch(counters_, tags); }
    // Null when there is no answer, or it is no longer exact.
    AnswerPtr find(std::string_view key);
    // Left out when the answer is out of date already, or alone larger than an eighth of the cache.
    void put(std::string key, AnswerPtr answer, const Watch& watch);

    std::size_t bytes() const { return bytes_; }
    std::size_t size() const { return places_.size(); }
    const Stats& stats() const { return stats_; }

private:
    struct Entry {
        std::string key;
        AnswerPtr answer;
        Watch watch;
        std::size_t bytes;
    };
    using Entries = std::list<Entry>;  // the most recently used first

    void erase(Entries::iterator entry);

    const TagCounters& counters_;
    std::size_t bytes_max_;
    std::size_t bytes_ = 0;
    Entries entries_;
    std::unordered_map<std::string_view, Entries::iterator> places_;  // keys live in the entries
    Stats stats_;
};

// The caches of all I/O threads, each made when its thread first asks for it.
class Caches {
public:
    explicit Caches(std::size_t bytes_max_per_thread);
    Caches(const Caches&) = delete;
    Caches& operator=(const Caches&) = delete;

    // The calling thread's own.
    Cache& here();
    TagCounters& counters() { return counters_; }

private:
    const std::size_t bytes_max_per_thread_;
    const std::uint64_t serial_;  // never reused, so that no thread mistakes a later object for this one
    TagCounters counters_;
    std::mutex mutex_;
    std::unordered_map<std::thread::id, std::unique_ptr<Cache>> caches_;
};

// Drops every tag that these events change. Called by the runner's thread after the rows are committed and
// before the progress moves on.
void drop_for(TagCounters& counters, std::span<const LogEntryPtr> entries);

// A strong, quoted entity tag of a body, and of what headers show beside it: the same bytes give the same tag
// in every process.
std::string etag_of(std::string_view body, std::string_view headers = {});

}  // namespace dacapo
