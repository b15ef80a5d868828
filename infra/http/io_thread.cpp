#include "infra/http/io_thread.hpp"

#include "infra/client_address.hpp"
#include "infra/http/response_writer.hpp"

#include <ctime>
#include <random>

namespace dacapo::http {
namespace {

constexpr std::chrono::seconds accept_failure_silence{60};

}  // namespace

void Shared::accept_failed(std::string_view why) {
    accept_failure_count.fetch_add(1, std::memory_order_relaxed);
    if (!hooks.on_accept_failure) return;
    const auto uptime = std::chrono::steady_clock::now().time_since_epoch();
    const auto now = std::chrono::duration_cast<std::chrono::seconds>(uptime).count();
    auto told = accept_failure_told_s_.load();
    if (told != 0 && now - told < accept_failure_silence.count()) return;
    // Of several threads that fail in the same moment, one tells.
    if (accept_failure_told_s_.compare_exchange_strong(told, now)) hooks.on_accept_failure(why);
}

std::optional<ConnectionSlot> ConnectionSlot::take(Shared& shared, const std::string& address) {
    // A proxy brings everybody's.
    auto counted = shared.options.trusted_proxies.contains(address) ? std::string() : network_of(address);
    const std::lock_guard lock(shared.mutex);
    if (shared.connection_count >= shared.limits.connection_count_max) return std::nullopt;
    if (!counted.empty()) {
        auto& of_address = shared.count_by_address[counted];
        if (of_address >= shared.limits.connection_count_per_address_max) return std::nullopt;
        ++of_address;
    }
    ++shared.connection_count;
    return ConnectionSlot(shared, address, std::move(counted));
}

bool ConnectionSlot::take_socket(std::string client) {
    const std::lock_guard lock(shared_->mutex);
    auto& of_client = shared_->sockets_by_client[client];
    if (of_client >= shared_->limits.socket_count_per_client_max) return false;
    ++of_client;
    client_ = std::move(client);
    return true;
}

ConnectionSlot::~ConnectionSlot() {
    if (shared_ == nullptr) return;
    const std::lock_guard lock(shared_->mutex);
    if (const auto found = shared_->count_by_address.find(counted_);
        !counted_.empty() && --found->second == 0)
        shared_->count_by_address.erase(found);
    if (const auto sockets = shared_->sockets_by_client.find(client_);
        !client_.empty() && --sockets->second == 0)
        shared_->sockets_by_client.erase(sockets);
    if (--shared_->connection_count == 0) shared_->all_closed.notify_all();
}

IoThread::IoThread(Shared& shared_, std::size_t index_) : shared(shared_), index(index_) {
    std::random_device random;
    id_base_ = std::uint64_t{random()} << 32 | random();
    date = http_date(std::time(nullptr));
}

void IoThread::stop_connections() {
    stopping = true;
    // on_stop() may unlink the connection it is called on, never another.
    for (auto at = connections_.begin(); at != connections_.end();) (at++)->on_stop();
}

void IoThread::turn() {
    date = http_date(std::time(nullptr));
    wheel.turn();
}

std::string IoThread::make_request_id() {
    // splitmix64: unique per thread while the count lasts, and it tells nothing about the rate.
    std::uint64_t mixed = id_base_ + ++id_count_ * 0x9E3779B97F4A7C15ULL;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9ULL;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBULL;
    mixed ^= mixed >> 31;
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text(16, '0');
    for (char& digit : text) {
        digit = digits[mixed & 15];
        mixed >>= 4;
    }
    return text;
}

}  // namespace dacapo::http
