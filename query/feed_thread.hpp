// The sockets of one I/O thread: what each has been shown, and what it gets next.
// Used by that thread alone, so it holds no lock; the hub posts to it.
#pragma once

#include "query/feed_lists.hpp"
#include "query/feed_shared.hpp"

#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

namespace dacapo {

// Whose socket it is and until when.
struct FeedViewer {
    http::Principal principal;
    Timestamp expires_at;
};

// The messages of one batch of the log that may have a receiver here, framed once for all threads.
struct FeedBatch {
    struct Message {
        UserId receiver;
        int shard = 0;
        Position position = 0;
        http::Frame frame;
    };
    std::vector<Message> messages;  // in the log's order
};

// How a socket begins: `initial`, and what it missed if it comes back.
struct FeedBeginning {
    Frontier lists_mark;  // the lists show all up to here
    Frontier live_after;  // messages after it come live
    std::vector<http::Frame> frames;
};

class FeedThread {
public:
    using Executor = http::WebSocket::Executor;
    using SocketKey = std::uint64_t;  // never reused

    FeedThread(FeedShared& shared, const FeedSettings& settings, const Clock& clock, Executor executor);

    Executor executor() const { return executor_; }
    // Any thread: whether posting to this one is worth it.
    bool empty() const { return socket_count_.load() == 0; }

    // From here on nothing is missed: what arrives before show() is kept for it. `on_gone` runs once the
    // socket has closed.
    SocketKey add(const std::shared_ptr<http::WebSocket>& socket, const FeedViewer& viewer, FeedTopics topics,
                  std::function<void(SocketKey)> on_gone);
    // The first frames, then what arrived meanwhile and is newer.
    void show(SocketKey key, const FeedBeginning& beginning);

    void deliver(const FeedBatch& batch);
    void deliver(FeedListPtr list);

    void end_session(SessionId session);
    void close(SocketKey key, std::uint16_t code, std::string_view reason);

private:
    struct Lane {                // one list's way to one socket
        bool in_flight = false;  // the last one has not drained
        bool waiting = false;    // a newer one is there for when it has
        Frontier shown;
    };
    struct Early {
        int shard = 0;
        Position position = 0;
        http::Frame frame;
    };
    struct Client {
        SocketKey key = 0;
        std::weak_ptr<http::WebSocket> socket;  // weak: its io_context may go before this does
        FeedViewer viewer;
        FeedTopics topics;
        std::function<void(SocketKey)> on_gone;
        bool shown = false;
        Frontier live_after;  // messages up to here are none of the live ones
        std::vector<Early> early;
        std::size_t early_bytes = 0;
        std::array<Lane, list_kinds.size()> lanes;
        std::size_t inbound_count = 0;
        std::chrono::steady_clock::time_point inbound_since;
    };
    using ByUser = std::unordered_multimap<UserId, Client*>;
    using BySession = std::unordered_multimap<SessionId, Client*>;

    void listen(http::WebSocket& socket, SocketKey key);
    void remove(SocketKey key);
    void drained(SocketKey key);
    void heard(SocketKey key);
    void send(Client& client, const http::Frame& frame);
    void close(Client& client, std::uint16_t code, std::string_view reason);
    void keep_early(Client& client, const FeedBatch::Message& message);
    void offer(Client& client, ListKind kind);
    void watch_expiry();
    void close_expired();

    FeedShared& shared_;
    const FeedSettings& settings_;
    const Clock& clock_;
    Executor executor_;
    std::atomic<std::size_t> socket_count_{0};
    SocketKey next_key_ = 1;
    std::unordered_map<SocketKey, std::unique_ptr<Client>> clients_;
    ByUser by_user_;
    BySession by_session_;
    std::set<std::pair<Timestamp, SocketKey>> expiring_;
    std::array<FeedListPtr, list_kinds.size()> newest_;
    bool watching_ = false;
};

}  // namespace dacapo
