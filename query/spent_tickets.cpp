#include "query/spent_tickets.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace dacapo {

namespace asio = boost::asio;

namespace {

constexpr auto sweep_interval = FeedTickets::lifetime;
// The clocks of two servers differ by less than tokens are allowed to.
constexpr auto kept_beyond_expiry = clock_skew_max;

constexpr std::string_view insert_spent =
    "INSERT INTO spent_feed_tickets (id, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING";
constexpr std::string_view delete_expired = "DELETE FROM spent_feed_tickets WHERE expires_at < $1";

}  // namespace

asio::awaitable<bool> SpentTicketsInMemory::spend(FeedTicket ticket) {
    const auto now = clock_.now();
    const std::lock_guard lock(mutex_);
    if (ticket.issued_at < started_at_) co_return false;
    forget_expired(now);
    co_return expiry_by_id_.emplace(std::move(ticket.id), ticket.expires_at).second;
}

void SpentTicketsInMemory::forget_expired(Timestamp now) {
    if (now < next_sweep_) return;
    std::erase_if(expiry_by_id_, [&](const auto& spent) { return spent.second <= now; });
    next_sweep_ = now + sweep_interval;
}

std::size_t SpentTicketsInMemory::size() const {
    const std::lock_guard lock(mutex_);
    return expiry_by_id_.size();
}

SpentTicketsTable::SpentTicketsTable(const Clock& clock, std::string database_url)
    : clock_(clock), database_url_(std::move(database_url)) {}

asio::awaitable<bool> SpentTicketsTable::spend(FeedTicket ticket) {
    // A function's own parameters outlive its suspension; captures of a lambda in the expression would not.
    auto insert_there = [](SpentTicketsTable& table, FeedTicket spent) -> asio::awaitable<bool> {
        co_return table.insert(spent);
    };
    auto inserted = asio::co_spawn(thread_, insert_there(*this, std::move(ticket)), asio::use_awaitable);
    co_return co_await std::move(inserted);
}

void SpentTicketsTable::stop() {
    stopping_ = true;
    thread_.join();  // Nobody who waits is left behind: their executors go away sooner than this.
}

bool SpentTicketsTable::insert(const FeedTicket& ticket) {
    if (stopping_) throw sql::Stopped();
    if (!session_) session_ = std::make_unique<sql::Session>(database_url_, sql::Use::write);
    const auto now = clock_.now();
    if (now >= next_sweep_) {
        session_->execute(delete_expired, now - kept_beyond_expiry);
        next_sweep_ = now + sweep_interval;
    }
    return session_->execute(insert_spent, ticket.id, ticket.expires_at) == 1;
}

}  // namespace dacapo
