// The live feed: every open WebSocket gets a first frame from the tables and then each later change once.
// Fed by the projection runner after the tables have passed a batch, so it announces nothing that a GET does
// not show yet. One part per I/O thread without locks; a batch costs one post per thread.
#pragma once

#include "api/position_token.hpp"
#include "infra/http/websocket.hpp"
#include "query/context.hpp"
#include "query/feed_list_sender.hpp"
#include "query/feed_thread.hpp"

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dacapo {

class FeedHub {
public:
    using Viewer = FeedViewer;
    struct Access {
        // Answers at once or says "not known here". Any I/O thread; so are the rest.
        std::function<std::optional<Viewer>(std::string_view token)> claims_of;
        // Asked when claims_of does not know the token, which may be a ticket; throws Problem (401) when it
        // does not hold.
        std::function<boost::asio::awaitable<Viewer>(std::string token)> authenticate;
        // Asked once the socket is registered, so that a session that ended during the handshake is noticed.
        std::function<bool(const Viewer& viewer)> holds;
    };
    struct Counts {
        std::size_t sockets = 0;   // open now
        std::uint64_t frames = 0;  // sent since the start; so are the rest
        std::uint64_t frame_bytes = 0;
        std::uint64_t lists_read = 0;     // from the tables
        std::uint64_t lists_skipped = 0;  // replaced by a newer one before a slow socket took them
        std::uint64_t closed = 0;         // by the feed: ended, expired, too many, too slow at the start
    };

    FeedHub(const QueryContext& context, Access access, FeedSettings settings = {});
    FeedHub(const FeedHub&) = delete;
    FeedHub& operator=(const FeedHub&) = delete;

    // `/ws/{token}` and `/ws`; for the router, which is made before the threads are known.
    std::vector<http::SocketRoute> socket_routes();
    // Once, before the first handshake: the executor of each WebSocket::thread_index(). They must not run any
    // more when this is destroyed.
    void attach(std::vector<http::WebSocket::Executor> executors);

    // The runner's sink. Called by its thread with what has been committed, before the progress moves.
    void publish(std::span<const LogEntryPtr> entries);
    // Its sockets close with 4003. Any thread.
    void session_ended(SessionId session);

    Counts counts() const;

    // What a handshake comes to, as the socket routes call it.
    boost::asio::awaitable<http::SocketAccept> accept(http::Request& request,
                                                      std::vector<std::string> subprotocols);

private:
    // Where a socket is: which thread, and its key there.
    struct Place {
        std::size_t thread = 0;
        FeedThread::SocketKey key = 0;
        bool operator==(const Place&) const = default;
    };
    // Each user's sockets on all threads, oldest first, kept by the one thread that is the user's home.
    using Homes = std::unordered_map<UserId, std::vector<Place>>;

    // What a handshake asks for.
    struct Wish {
        Viewer viewer;
        FeedTopics topics;
        std::optional<api::PositionToken> since;  // of a socket that comes back
    };

    boost::asio::awaitable<Viewer> viewer_of(std::string token);
    boost::asio::awaitable<void> wait_until_fresh();
    void open(const std::shared_ptr<http::WebSocket>& socket, const Wish& wish);
    boost::asio::awaitable<void> show_first(Place place, Wish wish);
    FeedBeginning beginning_of(const Wish& wish, const FeedSnapshot& snapshot);
    Frontier published();

    std::size_t home_of(UserId user) const;
    void count_in(UserId user, Place place);
    void count_out(UserId user, Place place);
    void collect(const LogEntry& entry, bool anybody, FeedBatch& batch);
    void hand_out(const FeedListPtr& list);
    template <class Work>
    void post(std::size_t thread, Work work);

    const QueryContext& context_;
    const Access access_;
    const FeedSettings settings_;
    FeedShared shared_;
    FeedLists lists_;
    std::vector<std::unique_ptr<FeedThread>> threads_;
    std::vector<Homes> homes_;  // by thread
    std::unique_ptr<FeedListSender> list_sender_;
    std::array<Frontier, list_kinds.size()> changed_{};  // the runner's thread alone
    std::mutex published_mutex_;  // held while a batch is posted; never taken by an I/O thread
    Frontier published_;
};

}  // namespace dacapo
