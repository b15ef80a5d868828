#include "infra/progress.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace dacapo {

namespace asio = boost::asio;

Progress::Progress(const Frontier& start) : lanes_(start.places().size()) {}

Frontier Progress::passed() const {
    auto frontier = lanes_.size() == 1 ? Frontier() : Frontier::of_shards(static_cast<int>(lanes_.size()));
    for (std::size_t i = 0; i < lanes_.size(); ++i)
        frontier.advance(static_cast<int>(i), lanes_[i].passed.load(std::memory_order_acquire));
    return frontier;
}

bool Progress::has_passed(const Frontier& frontier) const {
    for (std::size_t i = 0; i < lanes_.size(); ++i)
        if (lanes_[i].passed.load(std::memory_order_acquire) < frontier.at(static_cast<int>(i))) return false;
    return true;
}

// One place after the other: when the last has been passed, so have all.
asio::awaitable<bool> Progress::wait(Frontier frontier, std::chrono::milliseconds patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
        const auto position = frontier.at(static_cast<int>(i));
        if (lanes_[i].passed.load(std::memory_order_acquire) >= position) continue;
        const auto left = deadline - std::chrono::steady_clock::now();
        const bool passed =
            co_await wait(lanes_[i], position, std::chrono::ceil<std::chrono::milliseconds>(left));
        if (!passed) co_return false;
    }
    co_return true;
}

asio::awaitable<bool> Progress::wait(Lane& lane, Position position, std::chrono::milliseconds patience) {
    const auto passed = [&] { return lane.passed.load(std::memory_order_acquire) >= position; };
    auto timer = std::make_shared<asio::steady_timer>(co_await asio::this_coro::executor, patience);
    {
        const std::lock_guard lock(mutex_);
        // advance() stores before it takes this lock, so a move that this look misses will find the entry.
        if (passed()) co_return true;
        lane.waiting.emplace(position, timer);
    }
    co_await timer->async_wait(asio::as_tuple(asio::use_awaitable));
    const std::lock_guard lock(mutex_);
    // Timed out: looked for anew, for advance() or clear() may have taken the entry out meanwhile.
    const auto [first, last] = lane.waiting.equal_range(position);
    const auto place = std::find_if(first, last, [&](const auto& entry) { return entry.second == timer; });
    if (place != last) lane.waiting.erase(place);
    co_return passed();
}

void Progress::advance(const Frontier& frontier) {
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
        auto& lane = lanes_[i];
        const auto position = frontier.at(static_cast<int>(i));
        if (position <= lane.passed.load(std::memory_order_relaxed)) continue;
        lane.passed.store(position, std::memory_order_release);
        const std::lock_guard lock(mutex_);
        const auto end = lane.waiting.upper_bound(position);
        for (auto entry = lane.waiting.begin(); entry != end; entry = lane.waiting.erase(entry)) {
            auto timer = std::move(entry->second);
            const auto executor = timer->get_executor();
            // Posted: a timer may only be touched by its own thread.
            auto wake = [timer = std::move(timer)] { timer->cancel(); };
            asio::post(executor, std::move(wake));
        }
    }
}

void Progress::clear() {
    const std::lock_guard lock(mutex_);
    for (auto& lane : lanes_) lane.waiting.clear();
}

std::size_t Progress::waiting_count() {
    const std::lock_guard lock(mutex_);
    std::size_t count = 0;
    for (const auto& lane : lanes_) count += lane.waiting.size();
    return count;
}

}  // namespace dacapo
