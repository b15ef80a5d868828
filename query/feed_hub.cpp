#include "query/feed_hub.hpp"

#include "events/fields.hpp"
#include "query/feed_replay.hpp"
#include "query/read.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

namespace dacapo {

namespace asio = boost::asio;

FeedHub::FeedHub(const QueryContext& context, Access access, FeedSettings settings)
    : context_(context),
      access_(std::move(access)),
      settings_(std::move(settings)),
      lists_(context_, settings_),
      published_(context_.log.start()) {
    changed_.fill(published_);
}

void FeedHub::attach(std::vector<http::WebSocket::Executor> executors) {
    for (auto& executor : executors)
        threads_.push_back(std::make_unique<FeedThread>(shared_, settings_, context_.clock, executor));
    homes_.resize(threads_.size());
    auto hand = [this](const FeedListPtr& list) { hand_out(list); };
    list_sender_ = std::make_unique<FeedListSender>(context_, settings_, lists_, shared_, executors.at(0),
                                                    std::move(hand));
}

template <class Work>
void FeedHub::post(std::size_t thread, Work work) {
    asio::post(threads_[thread]->executor(), std::move(work));
}

// With the lock: whoever reads `published_` finds each record in it, or gets it posted later.
void FeedHub::publish(std::span<const LogEntryPtr> entries) {
    const std::lock_guard lock(published_mutex_);
    published_.advance(context_.progress.passed());  // What the tables had at the start was never announced.
    const auto before = changed_;
    const bool anybody = shared_.sockets.load() > 0;
    const auto batch = std::make_shared<FeedBatch>();
    for (const auto& entry : entries) {
        // A runner that starts over announces some records twice; sockets get them once.
        if (published_.covers(entry->record.shard, entry->position)) continue;
        published_.advance(entry->record.shard, entry->position);
        collect(*entry, anybody, *batch);
    }
    // Also when nobody listens: lists are kept for who comes next.
    for (const auto kind : list_kinds)
        if (changed_[index_of(kind)] != before[index_of(kind)])
            lists_.changed(kind, changed_[index_of(kind)]);
    if (!anybody) return;

    if (!batch->messages.empty())
        for (std::size_t i = 0; i < threads_.size(); ++i)
            if (!threads_[i]->empty())
                post(i, [thread = threads_[i].get(), batch] { thread->deliver(*batch); });
    for (const auto kind : list_kinds) {
        const auto& changed = changed_[index_of(kind)];
        if (changed == before[index_of(kind)] || shared_.list_sockets[index_of(kind)].load() == 0) continue;
        asio::post(list_sender_->executor(), [this, kind, changed] { list_sender_->want(kind, changed); });
    }
}

// Which events change what is shown. An aggregate or event that is new does not compile until it says so.
void FeedHub::collect(const LogEntry& entry, bool anybody, FeedBatch& batch) {
    const auto change = [&](ListKind kind) { changed_[index_of(kind)] = published_; };
    const auto say = overloaded{
        [](const ConversationStarted&) {},
        [](const ReadMarkerMoved&) {},
        [&](const MessageSent& message) {
            if (!anybody || !shared_.presence.maybe_here(message.receiver_id)) return;
            const auto position = position_text(context_.log.epoch(), published_);
            batch.messages.push_back({message.receiver_id, entry.record.shard, entry.position,
                                      new_message_frame(message, position)});
        },
    };
    const auto take = overloaded{
        [](const AccountEvent&) {},
        [](const SessionEvent&) {},
        [](const TitleEvent&) {},
        [](const InstrumentEvent&) {},
        [](const GenreEvent&) {},
        [&](const GatheringEvent&) { change(ListKind::events); },
        [&](const RosterEvent&) { change(ListKind::events); },  // an event shows its counts
        [&](const ConversationEvent& event) { std::visit(say, event); },
        [&](const CheckInEvent&) { change(ListKind::check_ins); },
    };
    for (const auto& recorded : entry.record.events) std::visit(take, recorded.event);
}

void FeedHub::hand_out(const FeedListPtr& list) {
    for (std::size_t i = 0; i < threads_.size(); ++i)
        if (!threads_[i]->empty()) post(i, [thread = threads_[i].get(), list] { thread->deliver(list); });
}

void FeedHub::session_ended(SessionId session) {
    for (std::size_t i = 0; i < threads_.size(); ++i)
        if (!threads_[i]->empty())
            post(i, [thread = threads_[i].get(), session] { thread->end_session(session); });
}

Frontier FeedHub::published() {
    const std::lock_guard lock(published_mutex_);
    published_.advance(context_.progress.passed());
    return published_;
}

void FeedHub::open(const std::shared_ptr<http::WebSocket>& socket, const Wish& wish) {
    const auto thread = socket->thread_index();
    const auto user = wish.viewer.principal.user_id;
    auto gone = [this, thread, user](FeedThread::SocketKey key) { count_out(user, {thread, key}); };
    const Place place{thread, threads_.at(thread)->add(socket, wish.viewer, wish.topics, std::move(gone))};
    count_in(user, place);

    // A session that ended before the socket was registered has told nobody of its end.
    if (!access_.holds(wish.viewer)) {
        const bool expired = wish.viewer.expires_at <= context_.clock.now();
        threads_[thread]->close(place.key, expired ? feed_close::token_expired : feed_close::session_ended,
                                expired ? "the token has expired" : "the session has ended");
        return;
    }
    asio::co_spawn(threads_[thread]->executor(), show_first(place, wish), asio::detached);
}

// A socket that comes back gets what was published since then and goes on with what is published later:
// positions of frames count what was published, so they tell without a gap where to go on.
FeedBeginning FeedHub::beginning_of(const Wish& wish, const FeedSnapshot& snapshot) {
    const auto& epoch = context_.log.epoch();
    FeedBeginning beginning{snapshot.mark, snapshot.mark, {}};
    InitialParts parts;
    if (snapshot.check_ins) parts.check_ins = snapshot.check_ins->data;
    if (snapshot.events) parts.events = snapshot.events->data;
    parts.unread = snapshot.unread;
    auto position = snapshot.mark;
    FeedReplay replay;
    if (wish.since) {
        if (wish.since->epoch == epoch) {
            position = wish.since->frontier(context_.log.start());
            const auto present = published();
            replay = replay_of(context_.log, wish.viewer.principal.user_id, position, present, settings_);
            beginning.live_after = position;
            beginning.live_after.advance(present);
            if (replay.messages.empty()) position = beginning.live_after;
        }
        parts.recovered = replay.whole;
    }
    beginning.frames.push_back(initial_frame(parts, position_text(epoch, position)));
    std::ranges::move(replay.messages, std::back_inserter(beginning.frames));
    return beginning;
}

// The socket is registered already, so whatever is committed after the tables were read here reaches it live;
// the beginning says which records it shows, so nothing comes twice.
asio::awaitable<void> FeedHub::show_first(Place place, Wish wish) {
    auto& thread = *threads_[place.thread];
    try {
        co_await context_.progress.wait(context_.log.head(), catch_up_ms_max);
        auto read = [this, &wish](sql::Session& session) {
            return beginning_of(wish, lists_.snapshot(session, wish.viewer.principal.user_id, wish.topics));
        };
        const auto beginning = co_await context_.database.run(std::move(read));
        thread.show(place.key, beginning);
    } catch (const sql::QueueFull&) {
        thread.close(place.key, feed_close::overloaded, "too many reads wait for the tables");
    } catch (const sql::Stopped&) {
        thread.close(place.key, http::close_code::going_away, "server is stopping");
    } catch (const std::exception& error) {
        settings_.trouble(error.what());
        thread.close(place.key, http::close_code::internal_error, "the tables could not be read");
    }
}

// A user's sockets may be on any thread, so one thread keeps their list and the others tell it: no lock, and
// the limit holds for the whole server.
std::size_t FeedHub::home_of(UserId user) const { return std::hash<UserId>{}(user) % threads_.size(); }

void FeedHub::count_in(UserId user, Place place) {
    const auto home = home_of(user);
    post(home, [this, home, user, place] {
        auto& places = homes_[home][user];
        places.push_back(place);
        if (places.size() <= settings_.sockets_per_user_max) return;
        const auto oldest = places.front();
        places.erase(places.begin());
        post(oldest.thread, [this, oldest] {
            threads_[oldest.thread]->close(oldest.key, feed_close::replaced, "too many connections");
        });
    });
}

void FeedHub::count_out(UserId user, Place place) {
    const auto home = home_of(user);
    post(home, [this, home, user, place] {
        const auto found = homes_[home].find(user);
        if (found == homes_[home].end()) return;
        std::erase(found->second, place);
        if (found->second.empty()) homes_[home].erase(found);
    });
}

FeedHub::Counts FeedHub::counts() const {
    Counts counts;
    counts.sockets = shared_.sockets.load(std::memory_order_relaxed);
    counts.frames = shared_.frames.load(std::memory_order_relaxed);
    counts.frame_bytes = shared_.frame_bytes.load(std::memory_order_relaxed);
    counts.lists_read = lists_.read_count();
    counts.lists_skipped = shared_.lists_skipped.load(std::memory_order_relaxed);
    counts.closed = shared_.closed_by_feed.load(std::memory_order_relaxed);
    return counts;
}

}  // namespace dacapo
