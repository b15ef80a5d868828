// What the feed reads from the tables: the lists that everyone sees, and one viewer's first frame.
// A list is read once for all who want it and kept until something in it changes, so that a thousand sockets
// that come back at once cost one read.
#pragma once

#include "infra/sql/session.hpp"
#include "query/context.hpp"
#include "query/feed_frames.hpp"

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>

namespace dacapo {

// One list, shared by all: as the tables were at `mark`.
struct FeedList {
    ListKind kind{};
    Frontier mark;
    Timestamp exact_until;  // something in it ends by the clock then
    std::string data;       // a JSON array
    http::Frame frame;
};
using FeedListPtr = std::shared_ptr<const FeedList>;

// What a socket shows first: all up to `mark`, nothing after it. What its topics leave out is left out.
struct FeedSnapshot {
    Frontier mark;
    FeedListPtr check_ins;
    FeedListPtr events;
    std::optional<std::int64_t> unread;
};

class FeedLists {
public:
    FeedLists(const QueryContext& context, const FeedSettings& settings)
        : context_(context), settings_(settings) {}

    // Called by the runner's thread for what it has committed, before the progress moves past it.
    void changed(ListKind kind, const Frontier& frontier) {
        const std::lock_guard lock(mutex_);
        changed_[index_of(kind)] = frontier;
    }

    // Both run on a database thread. A list is at least as new as every change announced before the call.
    FeedListPtr read(sql::Session& session, ListKind kind);
    FeedSnapshot snapshot(sql::Session& session, UserId viewer, FeedTopics topics);

    // How often the tables were asked for a list.
    std::uint64_t read_count() const { return read_count_.load(std::memory_order_relaxed); }

private:
    Frontier shown_by(sql::Session& session) const;
    FeedListPtr current(sql::Session& session, ListKind kind, const Frontier& mark);
    FeedListPtr kept(ListKind kind, const Frontier& mark);
    FeedListPtr build(sql::Session& session, ListKind kind, const Frontier& mark);

    const QueryContext& context_;
    const FeedSettings& settings_;
    std::mutex mutex_;  // held to copy a place or a pointer; never taken by an I/O thread
    std::array<Frontier, list_kinds.size()> changed_{};
    std::array<FeedListPtr, list_kinds.size()> kept_;
    std::atomic<std::uint64_t> read_count_{0};
};

}  // namespace dacapo
