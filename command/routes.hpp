// The route tables of the write side, one function a feature; main joins them with those of the queries.
#pragma once

#include "command/handling.hpp"
#include "infra/crypto/feed_ticket.hpp"
#include "infra/http/route.hpp"

#include <vector>

namespace dacapo {

std::vector<http::Route> account_routes(CommandHandling& commands);
std::vector<http::Route> login_routes(CommandHandling& commands);
std::vector<http::Route> session_routes(CommandHandling& commands);
std::vector<http::Route> feed_ticket_routes(const AccessTokens& tokens, const FeedTickets& tickets,
                                            const Clock& clock);
std::vector<http::Route> gathering_routes(CommandHandling& commands);
std::vector<http::Route> roster_routes(CommandHandling& commands);
std::vector<http::Route> message_routes(CommandHandling& commands);
std::vector<http::Route> check_in_routes(CommandHandling& commands);
std::vector<http::Route> catalogue_routes(CommandHandling& commands);

// What every command may answer besides its own refusals, for the document.
std::vector<http::ResponseDoc> with_common_problems(std::vector<http::ResponseDoc> own);

}  // namespace dacapo
