#include "infra/crypto/feed_ticket.hpp"

#include "events/enum_names.hpp"

#include <fmt/format.h>
#include <array>
#include <charconv>

namespace dacapo {
namespace {

constexpr std::string_view purpose = "dacapo feed ticket";
constexpr std::string_view prefix = "dt1.";
constexpr std::size_t ticket_bytes_max = 256;
constexpr std::size_t nonce_bytes = 16;

// Numbers of a text that was signed here: they need not be doubted, only read.
std::int64_t number_of(std::string_view digits) {
    std::int64_t number = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return number;
}

std::int64_t milliseconds_of(Timestamp time) { return time.time_since_epoch().count(); }
Timestamp time_of(std::string_view digits) { return Timestamp{std::chrono::milliseconds{number_of(digits)}}; }

}  // namespace

FeedTickets::FeedTickets(std::string_view secret, std::string_view other_secret)
    : key_(HmacKey(secret).derived(purpose)) {
    if (!other_secret.empty()) other_key_.emplace(HmacKey(other_secret).derived(purpose));
}

bool FeedTickets::is_one(std::string_view text) { return text.starts_with(prefix); }

std::string FeedTickets::issue(const AccessClaims& claims, Timestamp now) const {
    auto ticket = fmt::format("{}{}.{}.{}.{}.{}.{}", prefix, claims.user_id.value, name_of(claims.role),
                              claims.session_id.value, milliseconds_of(claims.expires_at),
                              milliseconds_of(now), base64url(as_text(random_bytes<nonce_bytes>())));
    const auto mac = key_.sign(ticket);
    ticket += '.';
    ticket += base64url(mac);
    return ticket;
}

std::optional<FeedTicket> FeedTickets::verify(std::string_view ticket, Timestamp now) const {
    if (ticket.size() > ticket_bytes_max || !is_one(ticket)) return std::nullopt;
    const auto last_dot = ticket.rfind('.');
    const auto mac = base64url_decoded(ticket.substr(last_dot + 1));
    const auto is_signed_by = [&](const HmacKey& key) {
        return key.verify(ticket.substr(0, last_dot), *mac);
    };
    if (!mac || !(is_signed_by(key_) || (other_key_ && is_signed_by(*other_key_)))) return std::nullopt;

    std::array<std::string_view, 6> parts;
    auto rest = ticket.substr(prefix.size(), last_dot - prefix.size());
    for (auto& part : parts) {
        const auto dot = std::min(rest.find('.'), rest.size());
        part = rest.substr(0, dot);
        rest.remove_prefix(std::min(dot + 1, rest.size()));
    }
    FeedTicket read;
    read.user_id = UserId{number_of(parts[0])};
    if (!enum_from_name(parts[1], read.role)) return std::nullopt;
    read.session_id = SessionId{number_of(parts[2])};
    read.token_expires_at = time_of(parts[3]);
    read.issued_at = time_of(parts[4]);
    read.expires_at = std::min(read.issued_at + lifetime, read.token_expires_at);
    read.id = parts[5];
    if (now >= read.expires_at || read.issued_at > now + clock_skew_max) return std::nullopt;
    return read;
}

}  // namespace dacapo
