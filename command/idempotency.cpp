#include "command/idempotency.hpp"

#include "infra/crypto/digest.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstring>
#include <string>

namespace dacapo {
namespace {

namespace asio = boost::asio;

// A running command ends by itself well before this; it only bounds the wait for one that was lost.
constexpr std::chrono::seconds patience{30};

}  // namespace

IdempotencyMark idempotency_mark(UserId user, std::string_view method, std::string_view path,
                                 std::string_view key, std::string_view body) {
    std::string scope = std::to_string(user.value);
    for (const auto part : {method, path, key}) {
        scope += '\n';
        scope += part;
    }
    IdempotencyMark mark;
    mark.key_hash = text_hash(scope);
    const auto digest = sha256(body);
    std::memcpy(&mark.fingerprint, digest.data(), sizeof mark.fingerprint);
    return mark;
}

asio::awaitable<IdempotencyTable::Begin> IdempotencyTable::begin(IdempotencyMark mark, Timestamp now) {
    const auto executor = co_await asio::this_coro::executor;
    for (;;) {
        std::shared_ptr<asio::steady_timer> timer;
        {
            const std::lock_guard lock(mutex_);
            const auto [found, is_new] = entries_.try_emplace(mark.key_hash);
            auto& entry = found->second;
            const bool is_over = entry.position != 0 && now - entry.time > idempotency_window;
            if (is_new || is_over) {
                entry = Entry{};
                entry.fingerprint = mark.fingerprint;
                co_return First{};
            }
            if (entry.fingerprint != mark.fingerprint) co_return OtherRequest{};
            if (entry.position != 0) co_return Repeat{entry.shard, entry.position};
            timer = std::make_shared<asio::steady_timer>(executor, patience);
            entry.waiting.push_back(timer);
        }
        co_await timer->async_wait(asio::as_tuple(asio::use_awaitable));
    }
}

void IdempotencyTable::wake(Entry& entry) {
    for (auto& timer : entry.waiting) {
        const auto executor = timer->get_executor();
        auto cancel = [timer = std::move(timer)] { timer->cancel(); };
        asio::post(executor, std::move(cancel));
    }
    entry.waiting.clear();
}

// A key that was used again after its window stands in the order twice; only its last use counts.
void IdempotencyTable::drop_oldest() {
    const auto [key, position] = order_.front();
    order_.pop_front();
    const auto found = entries_.find(key);
    if (found != entries_.end() && found->second.position == position) entries_.erase(found);
}

void IdempotencyTable::finish(const IdempotencyMark& mark, int shard, Position position, Timestamp time) {
    const std::lock_guard lock(mutex_);
    auto& entry = entries_[mark.key_hash];
    entry.fingerprint = mark.fingerprint;
    entry.shard = shard;
    entry.position = position;
    entry.time = time;
    wake(entry);
    order_.emplace_back(mark.key_hash, position);
    const auto is_over = [&] {
        const auto oldest = entries_.find(order_.front().first);
        return oldest == entries_.end() || oldest->second.position != order_.front().second ||
               time - oldest->second.time > idempotency_window;
    };
    while (order_.size() > keys_max_ || is_over()) drop_oldest();
}

void IdempotencyTable::forget(const IdempotencyMark& mark) {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(mark.key_hash);
    if (found == entries_.end()) return;
    wake(found->second);
    entries_.erase(found);
}

void IdempotencyTable::clear_waiting() {
    const std::lock_guard lock(mutex_);
    for (auto& [key, entry] : entries_) entry.waiting.clear();
}

void IdempotencyTable::remember(int shard, const RememberedKey& key) {
    finish(IdempotencyMark{key.key_hash, key.fingerprint}, shard, key.position, key.time);
}

}  // namespace dacapo
