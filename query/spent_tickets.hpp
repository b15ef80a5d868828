// Which tickets for live feeds have been used, so that each works once: in memory where this server is alone
// with its tables, in a table where servers share a database.
#pragma once

#include "infra/clock.hpp"
#include "infra/crypto/feed_ticket.hpp"
#include "infra/sql/read_database.hpp"

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace dacapo {

class SpentTickets {
public:
    virtual ~SpentTickets() = default;

    // True for the first who asks of this ticket. Throws sql::Error when that cannot be told now.
    virtual boost::asio::awaitable<bool> spend(FeedTicket ticket) = 0;
    // Coroutines that wait here are resumed; none may come after. Before their executors go.
    virtual void stop() {}
};

// Forgets with the process, so a ticket from before its start is taken as spent.
class SpentTicketsInMemory final : public SpentTickets {
public:
    explicit SpentTicketsInMemory(const Clock& clock) : clock_(clock), started_at_(clock.now()) {}

    boost::asio::awaitable<bool> spend(FeedTicket ticket) override;
    std::size_t size() const;

private:
    void forget_expired(Timestamp now);

    const Clock& clock_;
    const Timestamp started_at_;
    mutable std::mutex mutex_;
    std::unordered_map<std::string, Timestamp> expiry_by_id_;
    Timestamp next_sweep_;
};

// A row each in `spent_feed_tickets`, which the migrations of projections/bookkeeping.cpp make.
class SpentTicketsTable final : public SpentTickets {
public:
    SpentTicketsTable(const Clock& clock, std::string database_url);

    boost::asio::awaitable<bool> spend(FeedTicket ticket) override;
    void stop() override;

private:
    bool insert(const FeedTicket& ticket);

    const Clock& clock_;
    const std::string database_url_;
    std::unique_ptr<sql::Session> session_;  // the thread's own; connects when first asked
    Timestamp next_sweep_;
    std::atomic<bool> stopping_{false};
    boost::asio::thread_pool thread_{1};
};

}  // namespace dacapo
