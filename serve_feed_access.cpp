#include "serve_feed_access.hpp"

#include "query/read.hpp"

namespace dacapo {

namespace asio = boost::asio;

FeedHub::Access FeedAccess::hooks() {
    FeedHub::Access hooks;
    hooks.claims_of = [this](std::string_view token) -> std::optional<FeedHub::Viewer> {
        const auto principal = authentication_.known(token);
        if (!principal) return std::nullopt;
        return FeedHub::Viewer{*principal, authentication_.end_of(token)};
    };
    hooks.authenticate = [this](std::string token) {
        return FeedTickets::is_one(token) ? viewer_of_ticket(std::move(token))
                                          : viewer_of_token(std::move(token));
    };
    hooks.holds = [this](const FeedHub::Viewer& viewer) {
        return viewer.expires_at > clock_.now() && authentication_.lives(viewer.principal.session_id);
    };
    return hooks;
}

asio::awaitable<FeedHub::Viewer> FeedAccess::viewer_of_token(std::string token) const {
    const auto end = authentication_.end_of(token);
    const auto principal = co_await authentication_.awaited(std::move(token));
    co_return FeedHub::Viewer{principal, end};
}

asio::awaitable<FeedHub::Viewer> FeedAccess::viewer_of_ticket(std::string ticket) {
    const auto read = read_ticket(ticket);
    const bool lives = co_await authentication_.session_lives(read.session_id);
    if (!lives) refuse_token();
    const bool first = co_await spend(read);
    if (!first) refuse_token();
    const http::Principal principal{read.user_id, read.session_id, read.role};
    co_return FeedHub::Viewer{principal, read.token_expires_at};
}

FeedTicket FeedAccess::read_ticket(std::string_view ticket) const {
    auto read = tickets_.verify(ticket, clock_.now());
    if (!read) refuse_token();
    return std::move(*read);
}

asio::awaitable<bool> FeedAccess::spend(FeedTicket ticket) {
    std::exception_ptr error;
    try {
        co_return co_await spent_->spend(std::move(ticket));
    } catch (...) {
        error = std::current_exception();
    }
    rethrow_as_problem(error);
}

}  // namespace dacapo
