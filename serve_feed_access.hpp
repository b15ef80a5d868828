// Who may open a feed: whoever brings an access token, or a ticket that nobody has used yet.
#pragma once

#include "query/feed_hub.hpp"
#include "query/spent_tickets.hpp"
#include "serve_authentication.hpp"

#include <memory>

namespace dacapo {

class FeedAccess {
public:
    FeedAccess(const Authentication& authentication, const FeedTickets& tickets, const Clock& clock,
               std::unique_ptr<SpentTickets> spent)
        : authentication_(authentication), tickets_(tickets), clock_(clock), spent_(std::move(spent)) {}

    // As the feed asks; refers to this.
    FeedHub::Access hooks();
    void stop() { spent_->stop(); }

private:
    boost::asio::awaitable<FeedHub::Viewer> viewer_of_token(std::string token) const;
    // Spends it.
    boost::asio::awaitable<FeedHub::Viewer> viewer_of_ticket(std::string ticket);
    FeedTicket read_ticket(std::string_view ticket) const;
    boost::asio::awaitable<bool> spend(FeedTicket ticket);

    const Authentication& authentication_;
    const FeedTickets& tickets_;
    const Clock& clock_;
    const std::unique_ptr<SpentTickets> spent_;
};

}  // namespace dacapo
