#include "query/feed_thread.hpp"

#include <algorithm>

namespace dacapo {

namespace {

template <class Map, class Key, class Value>
void erase_pair(Map& map, const Key& key, Value value) {
    const auto [first, last] = map.equal_range(key);
    const auto found = std::find_if(first, last, [&](const auto& entry) { return entry.second == value; });
    if (found != last) map.erase(found);
}

}  // namespace

FeedThread::FeedThread(FeedShared& shared, const FeedSettings& settings, const Clock& clock,
                       Executor executor)
    : shared_(shared), settings_(settings), clock_(clock), executor_(std::move(executor)) {}

FeedThread::SocketKey FeedThread::add(const std::shared_ptr<http::WebSocket>& socket,
                                      const FeedViewer& viewer, FeedTopics topics,
                                      std::function<void(SocketKey)> on_gone) {
    const auto key = next_key_++;
    auto client = std::make_unique<Client>();
    client->key = key;
    client->socket = socket;
    client->viewer = viewer;
    client->topics = topics;
    client->on_gone = std::move(on_gone);
    client->inbound_since = std::chrono::steady_clock::now();

    by_user_.emplace(viewer.principal.user_id, client.get());
    by_session_.emplace(viewer.principal.session_id, client.get());
    expiring_.emplace(viewer.expires_at, key);
    clients_.emplace(key, std::move(client));

    // Counted before the tables are read for it: who commits later than that reading finds the count.
    socket_count_.fetch_add(1);
    shared_.sockets.fetch_add(1);
    if (topics.has(FeedTopic::messages)) shared_.presence.enter(viewer.principal.user_id);
    for (const auto kind : list_kinds)
        if (topics.has(topic_of(kind))) shared_.list_sockets[index_of(kind)].fetch_add(1);

    listen(*socket, key);
    watch_expiry();
    return key;
}

void FeedThread::listen(http::WebSocket& socket, SocketKey key) {
    // What a client says means nothing yet; saying it too often does.
    socket.on_text = [this, key](std::string_view) { heard(key); };
    socket.on_drained = [this, key] { drained(key); };
    socket.on_close = [this, key](std::uint16_t, std::string_view) { remove(key); };
}

void FeedThread::remove(SocketKey key) {
    const auto found = clients_.find(key);
    if (found == clients_.end()) return;
    const auto client = std::move(found->second);
    clients_.erase(found);
    const auto& principal = client->viewer.principal;
    erase_pair(by_user_, principal.user_id, client.get());
    erase_pair(by_session_, principal.session_id, client.get());
    expiring_.erase({client->viewer.expires_at, key});

    if (client->topics.has(FeedTopic::messages)) shared_.presence.leave(principal.user_id);
    for (const auto kind : list_kinds)
        if (client->topics.has(topic_of(kind))) shared_.list_sockets[index_of(kind)].fetch_sub(1);
    shared_.sockets.fetch_sub(1);
    socket_count_.fetch_sub(1);
    if (clients_.empty()) newest_ = {};
    if (client->on_gone) client->on_gone(key);
}

void FeedThread::show(SocketKey key, const FeedBeginning& beginning) {
    const auto found = clients_.find(key);
    if (found == clients_.end()) return;
    auto& client = *found->second;
    client.shown = true;
    client.live_after = beginning.live_after;
    for (const auto& frame : beginning.frames) send(client, frame);
    // The lists in it are lists: the next ones wait until it has left.
    for (auto& lane : client.lanes) {
        lane.in_flight = true;
        lane.shown = beginning.lists_mark;
    }
    for (const auto& early : std::exchange(client.early, {}))
        if (!client.live_after.covers(early.shard, early.position)) send(client, early.frame);
    client.early_bytes = 0;
    for (const auto kind : list_kinds) offer(client, kind);
}

void FeedThread::deliver(const FeedBatch& batch) {
    for (const auto& message : batch.messages) {
        const auto [first, last] = by_user_.equal_range(message.receiver);
        for (auto at = first; at != last; ++at) {
            auto& client = *at->second;
            if (!client.topics.has(FeedTopic::messages)) continue;
            if (!client.shown)
                keep_early(client, message);
            else if (!client.live_after.covers(message.shard, message.position))
                send(client, message.frame);
        }
    }
}

void FeedThread::keep_early(Client& client, const FeedBatch::Message& message) {
    client.early_bytes += message.frame->size();
    if (client.early_bytes > settings_.early_bytes_max)
        return close(client, http::close_code::too_slow, "too much happened before the first frame");
    client.early.push_back({message.shard, message.position, message.frame});
}

void FeedThread::deliver(FeedListPtr list) {
    const auto kind = list->kind;
    auto& newest = newest_[index_of(kind)];
    if (newest && !list->mark.covers(newest->mark)) return;
    newest = std::move(list);
    for (auto& [key, client] : clients_) offer(*client, kind);
}

void FeedThread::offer(Client& client, ListKind kind) {
    const auto& list = newest_[index_of(kind)];
    auto& lane = client.lanes[index_of(kind)];
    if (!list || !client.shown || !client.topics.has(topic_of(kind))) return;
    if (lane.shown.covers(list->mark)) return;
    const auto socket = client.socket.lock();
    if (!socket || !socket->is_open()) return;
    if (lane.in_flight || socket->queued_bytes() > settings_.queued_bytes_soft_max) {
        if (lane.waiting) shared_.lists_skipped.fetch_add(1, std::memory_order_relaxed);
        lane.waiting = true;
        return;
    }
    lane = {.in_flight = true, .waiting = false, .shown = list->mark};
    send(client, list->frame);
}

void FeedThread::drained(SocketKey key) {
    const auto found = clients_.find(key);
    if (found == clients_.end()) return;
    auto& client = *found->second;
    for (auto& lane : client.lanes) lane.in_flight = false;
    for (const auto kind : list_kinds)
        if (client.lanes[index_of(kind)].waiting) offer(client, kind);
}

void FeedThread::heard(SocketKey key) {
    const auto found = clients_.find(key);
    if (found == clients_.end()) return;
    auto& client = *found->second;
    const auto now = std::chrono::steady_clock::now();
    if (now - client.inbound_since >= settings_.inbound_window) {
        client.inbound_since = now;
        client.inbound_count = 0;
    }
    if (++client.inbound_count > settings_.inbound_count_max)
        close(client, feed_close::rate_limited, "too many messages");
}

void FeedThread::send(Client& client, const http::Frame& frame) {
    const auto socket = client.socket.lock();
    if (!socket || !socket->is_open()) return;
    shared_.frames.fetch_add(1, std::memory_order_relaxed);
    shared_.frame_bytes.fetch_add(frame->size(), std::memory_order_relaxed);
    socket->send(frame);
}

void FeedThread::end_session(SessionId session) {
    const auto [first, last] = by_session_.equal_range(session);
    for (auto at = first; at != last; ++at)
        close(*at->second, feed_close::session_ended, "the session has ended");
}

void FeedThread::close(SocketKey key, std::uint16_t code, std::string_view reason) {
    const auto found = clients_.find(key);
    if (found != clients_.end()) close(*found->second, code, reason);
}

void FeedThread::close(Client& client, std::uint16_t code, std::string_view reason) {
    client.early.clear();
    const auto socket = client.socket.lock();
    if (!socket || !socket->is_open()) return;
    shared_.closed_by_feed.fetch_add(1, std::memory_order_relaxed);
    socket->close(code, reason);
}

// One timer for all sockets of the thread, and none while there are no sockets.
void FeedThread::watch_expiry() {
    if (std::exchange(watching_, true)) return;
    auto timer = std::make_unique<boost::asio::steady_timer>(executor_, settings_.expiry_interval);
    auto& armed = *timer;
    armed.async_wait([this, timer = std::move(timer)](boost::system::error_code error) {
        watching_ = false;
        if (error) return;
        close_expired();
        if (!clients_.empty()) watch_expiry();
    });
}

void FeedThread::close_expired() {
    const auto now = clock_.now();
    while (!expiring_.empty() && expiring_.begin()->first <= now) {
        const auto key = expiring_.begin()->second;
        expiring_.erase(expiring_.begin());
        close(key, feed_close::token_expired, "the token has expired");
    }
}

}  // namespace dacapo
