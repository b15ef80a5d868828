// Decides when a list is read and sent: changes that come close together share one, and all lists together
// stay under a byte rate. Used by one I/O thread, whichever sockets the lists are for.
#pragma once

#include "query/feed_lists.hpp"
#include "query/feed_shared.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>

namespace dacapo {

class FeedListSender {
public:
    using Executor = http::WebSocket::Executor;

    // `hand_out` gets each list as it has been read.
    FeedListSender(const QueryContext& context, const FeedSettings& settings, FeedLists& lists,
                   const FeedShared& shared, Executor executor, std::function<void(FeedListPtr)> hand_out);

    Executor executor() const { return executor_; }
    // A list that shows all up to there is to be sent soon.
    void want(ListKind kind, const Frontier& frontier);

private:
    using Steady = std::chrono::steady_clock;
    struct Lane {
        Frontier wanted;
        Frontier sent;
        Steady::time_point due_at{};  // not before
    };

    boost::asio::awaitable<void> run();
    // True when the sender may go on.
    boost::asio::awaitable<bool> send(ListKind kind);
    std::optional<ListKind> next() const;
    Steady::time_point due_at(ListKind kind) const;

    const QueryContext& context_;
    const FeedSettings& settings_;
    FeedLists& lists_;
    const FeedShared& shared_;
    Executor executor_;
    std::function<void(FeedListPtr)> hand_out_;
    std::array<Lane, list_kinds.size()> lanes_;
    Steady::time_point rate_due_at_{};  // the bytes of the lists so far have had their time by then
    bool running_ = false;
};

}  // namespace dacapo
