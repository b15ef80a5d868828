#include "infra/crypto/feed_ticket.hpp"

#include <doctest/doctest.h>

using namespace dacapo;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view secret = "a secret of the tests, 32 bytes long";
constexpr Timestamp noon{1'710'417'600'007ms};

AccessClaims claims(std::chrono::seconds left = 15min) {
    return {UserId{7}, Role::commercial, SessionId{9}, 42, noon, noon + left};
}

}  // namespace

TEST_CASE("a feed ticket says whose it is and until when the feed may live") {
    const FeedTickets tickets(secret);
    const auto read = tickets.verify(tickets.issue(claims(), noon), noon);
    REQUIRE(read);
    CHECK(read->user_id == UserId{7});
    CHECK(read->role == Role::commercial);
    CHECK(read->session_id == SessionId{9});
    CHECK(read->token_expires_at == noon + 15min);
    CHECK(read->issued_at == noon);
    CHECK(read->expires_at == noon + 30s);
    CHECK(read->id.size() >= 22);  // 128 bits
}

TEST_CASE("no two feed tickets are the same") {
    const FeedTickets tickets(secret);
    const auto one = tickets.issue(claims(), noon);
    const auto other = tickets.issue(claims(), noon);
    CHECK(one != other);
    CHECK(tickets.verify(one, noon)->id != tickets.verify(other, noon)->id);
}

TEST_CASE("a feed ticket is good for half a minute and never longer than the token behind it") {
    const FeedTickets tickets(secret);
    const auto ticket = tickets.issue(claims(), noon);
    CHECK(tickets.verify(ticket, noon + 29'999ms));
    CHECK_FALSE(tickets.verify(ticket, noon + 30s));
    CHECK(tickets.verify(ticket, noon - clock_skew_max));
    CHECK_FALSE(tickets.verify(ticket, noon - clock_skew_max - 1ms));
    const auto of_old_token = tickets.issue(claims(10s), noon);
    CHECK(tickets.verify(of_old_token, noon + 9'999ms));
    CHECK_FALSE(tickets.verify(of_old_token, noon + 10s));
}

TEST_CASE("a feed ticket that was not issued here is refused") {
    const FeedTickets tickets(secret);
    const auto ticket = tickets.issue(claims(), noon);
    CHECK_FALSE(FeedTickets("another secret of the same length").verify(ticket, noon));
    auto tampered = ticket;
    for (std::size_t i = 0; i < ticket.size(); ++i) {
        tampered[i] = ticket[i] == '1' ? '2' : '1';
        CHECK_FALSE(tickets.verify(tampered, noon));
        tampered[i] = ticket[i];
    }
    for (const auto& text : {std::string(), std::string("dt1."), std::string("dt1......"), ticket + ".",
                             ticket + "A", "dt1." + std::string(500, 'x')})
        CHECK_FALSE(tickets.verify(text, noon));
}

TEST_CASE("a feed ticket holds while the secrets are exchanged") {
    const auto ticket = FeedTickets("the secret of before, of the same length").issue(claims(), noon);
    CHECK(FeedTickets(secret, "the secret of before, of the same length").verify(ticket, noon));
    CHECK_FALSE(FeedTickets(secret).verify(ticket, noon));
}

TEST_CASE("a feed ticket passes for no other token and no other token for it") {
    const FeedTickets tickets(secret);
    const AccessTokens access(secret, "dacapo", "api", 15min);
    const RefreshTokens refresh(secret);
    const auto ticket = tickets.issue(claims(), noon);
    CHECK_FALSE(access.verify(ticket, noon));
    CHECK_FALSE(refresh.verify(ticket));
    CHECK_FALSE(tickets.verify(access.issue(claims(), noon), noon));
    CHECK_FALSE(tickets.verify(refresh.issue(SessionId{9}), noon));
    // Signed with the secret itself, as an access token is, and as a refresh token.
    const auto body = ticket.substr(0, ticket.rfind('.'));
    CHECK_FALSE(tickets.verify(body + '.' + base64url(hmac_sha256(secret, body)), noon));
    const auto refreshing = HmacKey(secret).derived("dacapo refresh token: mac").sign(body);
    CHECK_FALSE(tickets.verify(body + '.' + base64url(refreshing), noon));
}
