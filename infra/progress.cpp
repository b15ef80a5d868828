#include "infra/progress.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace dacapo {

namespace asio = boost::asio;

asio::awaitable<bool> Progress::wait(Position position, std::chrono::milliseconds patience) {
    if (passed() >= position) co_return true;
    auto timer = std::make_shared<asio::steady_timer>(co_await asio::this_coro::executor, patience);
    {
        const std::lock_guard lock(mutex_);
        // advance() stores before it takes this lock, so a move that this look misses will find the entry.
        if (passed() >= position) co_return true;
        waiting_.emplace(position, timer);
    }
    co_await timer->async_wait(asio::as_tuple(asio::use_awaitable));
    const std::lock_guard lock(mutex_);
    // Timed out: looked for anew, for advance() or clear() may have taken the entry out meanwhile.
    const auto [first, last] = waiting_.equal_range(position);
    const auto place = std::find_if(first, last, [&](const auto& entry) { return entry.second == timer; });
    if (place != last) waiting_.erase(place);
    co_return passed() >= position;
}

void Progress::advance(Position position) {
    if (position <= passed()) return;
    passed_.store(position, std::memory_order_release);
    const std::lock_guard lock(mutex_);
    const auto end = waiting_.upper_bound(position);
    for (auto entry = waiting_.begin(); entry != end; entry = waiting_.erase(entry)) {
        auto timer = std::move(entry->second);
        const auto executor = timer->get_executor();
        // Posted: a timer may only be touched by its own thread.
        auto wake = [timer = std::move(timer)] { timer->cancel(); };
        asio::post(executor, std::move(wake));
    }
}

void Progress::clear() {
    const std::lock_guard lock(mutex_);
    waiting_.clear();
}

}  // namespace dacapo
