// POST /ws/ticket: a ticket for the URL of a live feed. Nothing is recorded: what is worth half a minute is
// no fact worth keeping for ever.
#include "api/resources.hpp"
#include "command/routes.hpp"
#include "infra/http/bearer.hpp"

namespace dacapo {
namespace {

namespace asio = boost::asio;

asio::awaitable<http::Response> issue_ticket(const AccessTokens& tokens, const FeedTickets& tickets,
                                             const Clock& clock, http::Request& request) {
    const auto now = clock.now();
    const auto claims = tokens.verify_cached(http::bearer_token(request.authorization), now);
    // It was good a moment ago, and has expired since.
    if (!claims) throw http::token_invalid("The token has expired.");
    api::FeedTicketIssued issued{tickets.issue(*claims, now), FeedTickets::lifetime.count()};
    http::Response response;
    response.body = api::to_json(issued);
    co_return response;
}

}  // namespace

std::vector<http::Route> feed_ticket_routes(const AccessTokens& tokens, const FeedTickets& tickets,
                                            const Clock& clock) {
    http::Route route;
    route.method = http::Method::post;
    route.pattern = "/ws/ticket";
    route.operation_id = "createFeedTicket";
    route.tag = "feeds";
    route.summary = "A ticket to open a feed with";
    route.description =
        "Good once, within 30 seconds, for `/ws?ticket=<ticket>`. A browser cannot send Authorization with a "
        "WebSocket, and an access token in a URL ends up in histories and logs. The feed lives as long as "
        "the "
        "token and the session that asked for the ticket.";
    route.access = http::Access::user;
    route.responses = {{200, "The ticket.", api::schema_text<api::FeedTicketIssued>(), {}}};
    route.handler = [&](http::Request& request) { return issue_ticket(tokens, tickets, clock, request); };
    return {std::move(route)};
}

}  // namespace dacapo
