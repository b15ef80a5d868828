#include "query/feed_list_sender.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace dacapo {

namespace asio = boost::asio;

FeedListSender::FeedListSender(const QueryContext& context, const FeedSettings& settings, FeedLists& lists,
                               const FeedShared& shared, Executor executor,
                               std::function<void(FeedListPtr)> hand_out)
    : context_(context),
      settings_(settings),
      lists_(lists),
      shared_(shared),
      executor_(std::move(executor)),
      hand_out_(std::move(hand_out)) {}

void FeedListSender::want(ListKind kind, const Frontier& frontier) {
    auto& lane = lanes_[index_of(kind)];
    lane.wanted = frontier;
    if (running_ || !next()) return;
    running_ = true;
    asio::co_spawn(executor_, run(), asio::detached);
}

asio::awaitable<void> FeedListSender::run() {
    asio::steady_timer timer(executor_);
    while (const auto kind = next()) {
        const auto due = due_at(*kind);
        if (due > Steady::now()) {
            timer.expires_at(due);
            co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
        } else if (!co_await send(*kind)) {
            break;
        }
    }
    running_ = false;
}

asio::awaitable<bool> FeedListSender::send(ListKind kind) {
    auto& lane = lanes_[index_of(kind)];
    lane.due_at = Steady::now() + settings_.list_interval;
    FeedListPtr list;
    try {
        auto read = [this, kind](sql::Session& session) { return lists_.read(session, kind); };
        list = co_await context_.database.run(std::move(read));
    } catch (const sql::Stopped&) {
        co_return false;
    } catch (const std::exception& error) {
        settings_.trouble(error.what());
        lane.due_at = Steady::now() + settings_.retry_interval;
        co_return true;
    }
    lane.sent = list->mark;
    const auto bytes = list->frame->size() * shared_.list_sockets[index_of(kind)].load();
    const std::chrono::duration<double> time(static_cast<double>(bytes) /
                                             static_cast<double>(settings_.list_bytes_per_s_max));
    rate_due_at_ = std::max(rate_due_at_, Steady::now()) + std::chrono::duration_cast<Steady::duration>(time);
    hand_out_(std::move(list));
    co_return true;
}

// The list that is due first. One that nobody takes is not read: who comes later gets it in the first frame.
std::optional<ListKind> FeedListSender::next() const {
    std::optional<ListKind> first;
    for (const auto kind : list_kinds) {
        const auto& lane = lanes_[index_of(kind)];
        if (lane.sent.covers(lane.wanted) || shared_.list_sockets[index_of(kind)].load() == 0) continue;
        if (!first || due_at(kind) < due_at(*first)) first = kind;
    }
    return first;
}

FeedListSender::Steady::time_point FeedListSender::due_at(ListKind kind) const {
    return std::max(lanes_[index_of(kind)].due_at, rate_due_at_);
}

}  // namespace dacapo
