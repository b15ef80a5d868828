#include "infra/crypto/token.hpp"

#include "events/enum_names.hpp"
#include "events/json_writer.hpp"
#include "infra/crypto/flat_json.hpp"

#include <array>
#include <atomic>
#include <charconv>
#include <functional>
#include <stdexcept>
#include <vector>

namespace dacapo {
namespace {

constexpr std::string_view refresh_prefix = "dr1.";
constexpr std::size_t refresh_token_bytes_max = 256;
// 9999-12-31T23:59:59Z: later instants have no text.
constexpr std::int64_t time_s_max = 253'402'300'799;

std::int64_t seconds_of(Timestamp time) {
    return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

bool is_time(std::int64_t seconds) { return seconds >= 0 && seconds <= time_s_max; }

Timestamp timestamp_of(std::int64_t seconds) { return Timestamp{std::chrono::seconds{seconds}}; }

// A positive id below 2^53 in its only form: no sign, no leading zero.
std::optional<std::int64_t> id_of(std::string_view digits) {
    if (digits.empty() || digits[0] < '1' || digits[0] > '9') return std::nullopt;
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size() || value >= id_limit)
        return std::nullopt;
    return value;
}

struct VerifiedToken {
    std::string text;
    AccessClaims claims;
};

// Two places for each token; the newer one stays longest. Bounded, and filled by good tokens only.
class VerifiedTokens {
public:
    const AccessClaims* find(std::uint64_t owner, std::string_view token) {
        if (owner != owner_) return nullptr;
        for (const auto& held : pair_for(token))
            if (equal_in_constant_time(held.text, token)) return &held.claims;
        return nullptr;
    }

    void keep(std::uint64_t owner, std::string_view token, const AccessClaims& claims) {
        if (owner != owner_) {
            pairs_.assign(verified_tokens_per_thread_max / 2, {});
            owner_ = owner;
        }
        auto& pair = pair_for(token);
        std::swap(pair[0], pair[1]);
        pair[0].text.assign(token);
        pair[0].claims = claims;
    }

private:
    using Pair = std::array<VerifiedToken, 2>;

    Pair& pair_for(std::string_view token) {
        return pairs_[std::hash<std::string_view>{}(token) % pairs_.size()];
    }

    std::uint64_t owner_ = 0;
    std::vector<Pair> pairs_;
};

std::uint64_t next_instance() {
    static std::atomic<std::uint64_t> count{0};
    return ++count;
}

bool is_for_now(const AccessClaims& claims, Timestamp now) {
    return now < claims.expires_at && claims.issued_at <= now + clock_skew_max;
}

std::optional<AccessClaims> claims_of(const FlatJson& json, std::string_view issuer,
                                      std::string_view audience) {
    const auto subject = json.text("sub");
    const auto role = json.text("role");
    const auto session = json.integer("sid");
    const auto position = json.integer("pos");
    const auto issued = json.integer("iat");
    const auto expires = json.integer("exp");
    if (!subject || !role || !session || !position || !issued || !expires) return std::nullopt;
    if (json.text("iss") != issuer || json.text("aud") != audience) return std::nullopt;
    AccessClaims claims;
    const auto user = id_of(*subject);
    if (!user || !enum_from_name(*role, claims.role)) return std::nullopt;
    if (*session <= 0 || *session >= id_limit || *position < 0) return std::nullopt;
    if (!is_time(*issued) || !is_time(*expires)) return std::nullopt;
    claims.user_id = UserId{*user};
    claims.session_id = SessionId{*session};
    claims.position = *position;
    claims.issued_at = timestamp_of(*issued);
    claims.expires_at = timestamp_of(*expires);
    // `nbf` is never earlier than what it delays: the later of the two start times is the one to check.
    if (json.has("nbf")) {
        const auto not_before = json.integer("nbf");
        if (!not_before || !is_time(*not_before)) return std::nullopt;
        claims.issued_at = std::max(claims.issued_at, timestamp_of(*not_before));
    }
    return claims;
}

}  // namespace

AccessTokens::AccessTokens(std::string_view secret, std::string issuer, std::string audience,
                           std::chrono::seconds lifetime, std::string_view other_secret)
    : key_(secret),
      issuer_(std::move(issuer)),
      audience_(std::move(audience)),
      lifetime_(lifetime),
      header_text_(base64url(header) + '.'),
      instance_(next_instance()) {
    if (!other_secret.empty()) other_key_.emplace(other_secret);
}

std::string AccessTokens::issue(AccessClaims claims, Timestamp now) const {
    const auto issued = seconds_of(now);
    std::string payload;
    JsonWriter json(payload);
    json.begin_object();
    json.member("sub", std::to_string(claims.user_id.value));
    json.member("role", name_of(claims.role));
    json.member("sid", claims.session_id.value);
    json.member("pos", claims.position);
    json.member("iat", issued);
    json.member("exp", issued + static_cast<std::int64_t>(lifetime_.count()));
    json.member("iss", issuer_);
    json.member("aud", audience_);
    json.end_object();
    std::string token = header_text_ + base64url(payload);
    const auto mac = key_.sign(token);
    token += '.';
    token += base64url(mac);
    return token;
}

std::optional<AccessClaims> AccessTokens::read(std::string_view token) const {
    if (token.size() > access_token_bytes_max || !token.starts_with(header_text_)) return std::nullopt;
    const auto last_dot = token.rfind('.');
    if (last_dot < header_text_.size()) return std::nullopt;
    const auto mac = base64url_decoded(token.substr(last_dot + 1));
    if (!mac || !is_signed(token.substr(0, last_dot), *mac)) return std::nullopt;
    // Only what we signed ourselves is read at all.
    const auto payload = base64url_decoded(token.substr(header_text_.size(), last_dot - header_text_.size()));
    if (!payload) return std::nullopt;
    const auto json = FlatJson::parse(*payload);
    if (!json) return std::nullopt;
    return claims_of(*json, issuer_, audience_);
}

bool AccessTokens::is_signed(std::string_view text, std::string_view mac) const {
    return key_.verify(text, mac) || (other_key_ && other_key_->verify(text, mac));
}

std::optional<AccessClaims> AccessTokens::verify(std::string_view token, Timestamp now) const {
    auto claims = read(token);
    if (!claims || !is_for_now(*claims, now)) return std::nullopt;
    return claims;
}

std::optional<AccessClaims> AccessTokens::verify_cached(std::string_view token, Timestamp now) const {
    thread_local VerifiedTokens verified;
    if (const auto* claims = verified.find(instance_, token))
        return is_for_now(*claims, now) ? std::optional(*claims) : std::nullopt;
    auto claims = verify(token, now);
    if (claims) verified.keep(instance_, token, *claims);
    return claims;
}

RefreshTokens::Keys::Keys(std::string_view secret)
    : mac(HmacKey(secret).derived("dacapo refresh token: mac")),
      successor(HmacKey(secret).derived("dacapo refresh token: successor")) {}

std::string RefreshTokens::Keys::with_mac(SessionId session_id, std::string_view nonce) const {
    std::string token(refresh_prefix);
    token += std::to_string(session_id.value);
    token += '.';
    token += base64url(nonce);
    const auto signature = mac.sign(token);
    token += '.';
    token += base64url(signature);
    return token;
}

std::string RefreshTokens::Keys::successor_of(SessionId session_id, std::string_view token) const {
    return with_mac(session_id, as_text(successor.sign(token)));
}

RefreshTokens::RefreshTokens(std::string_view secret, std::string_view other_secret) : keys_(secret) {
    if (!other_secret.empty()) other_keys_.emplace(other_secret);
}

std::string RefreshTokens::issue(SessionId session_id) const {
    return keys_.with_mac(session_id, as_text(random_bytes<32>()));
}

std::string RefreshTokens::successor_of(std::string_view token, std::string_view known_hash) const {
    const auto session_id = verify(token);
    if (!session_id) throw std::invalid_argument("not a refresh token of this server");
    if (other_keys_ && !known_hash.empty()) {
        auto given_before = other_keys_->successor_of(*session_id, token);
        if (refresh_hash(given_before) == known_hash) return given_before;
    }
    return keys_.successor_of(*session_id, token);
}

std::optional<SessionId> RefreshTokens::verify(std::string_view token) const {
    if (token.size() > refresh_token_bytes_max || !token.starts_with(refresh_prefix)) return std::nullopt;
    const auto last_dot = token.rfind('.');
    const auto mac = base64url_decoded(token.substr(last_dot + 1));
    const auto signed_text = token.substr(0, last_dot);
    const auto is_signed_by = [&](const Keys& keys) { return keys.mac.verify(signed_text, *mac); };
    if (!mac || !(is_signed_by(keys_) || (other_keys_ && is_signed_by(*other_keys_)))) return std::nullopt;
    const auto id_end = token.find('.', refresh_prefix.size());
    if (id_end == token.npos) return std::nullopt;
    const auto id = id_of(token.substr(refresh_prefix.size(), id_end - refresh_prefix.size()));
    if (!id) return std::nullopt;
    return SessionId{*id};
}

std::string refresh_hash(std::string_view refresh_token) { return sha256_hex(refresh_token); }

}  // namespace dacapo
