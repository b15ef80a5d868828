#include "infra/crypto/token.hpp"

#include <doctest/doctest.h>

using namespace dacapo;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view secret = "a secret of the tests, 32 bytes long";
constexpr Timestamp noon{1'710'417'600'000ms};
constexpr std::string_view good_payload =
    R"({"sub":"7","role":"admin","sid":9,"pos":42,"iat":1710417600,"exp":1710418500,)"
    R"("iss":"dacapo","aud":"api"})";

AccessTokens tokens() { return {secret, "dacapo", "api", 15min}; }

AccessClaims claims() { return {UserId{7}, Role::admin, SessionId{9}, 42, noon, noon + 15min}; }

// A token signed with the right key over any header and payload.
std::string forged(std::string_view header, std::string_view payload, std::string_view key = secret) {
    std::string token = base64url(header) + '.' + base64url(payload);
    const auto mac = hmac_sha256(key, token);
    return token + '.' + base64url(mac);
}

std::string with_payload(std::string_view payload) { return forged(AccessTokens::header, payload); }

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
    std::string out(text);
    out.replace(out.find(from), from.size(), to);
    return out;
}

bool accepted(std::string_view token, Timestamp now = noon) {
    return tokens().verify(token, now).has_value();
}

}  // namespace

TEST_CASE("an access token says what was put in") {
    const auto token = tokens().issue(claims(), noon);
    CHECK(tokens().verify(token, noon) == claims());
    CHECK(with_payload(good_payload) == token);
}

TEST_CASE("an access token is good until its last second and not a moment longer") {
    const auto token = tokens().issue(claims(), noon);
    CHECK(accepted(token, noon + 15min - 1ms));
    CHECK_FALSE(accepted(token, noon + 15min));
}

TEST_CASE("a token from the future is accepted within the skew only") {
    const auto token = tokens().issue(claims(), noon);
    CHECK(accepted(token, noon - clock_skew_max));
    CHECK_FALSE(accepted(token, noon - clock_skew_max - 1ms));
    const auto with_nbf = with_payload(replaced(good_payload, "\"iss\"", R"("nbf":1710417700,"iss")"));
    CHECK(accepted(with_nbf, noon + 40s));
    CHECK_FALSE(accepted(with_nbf, noon + 39s));
}

TEST_CASE("any header but our own is refused") {
    for (const char* header :
         {R"({"alg":"none","typ":"at+jwt"})", R"({"alg":"None"})", R"({"alg":"HS512","typ":"at+jwt"})",
          R"({"alg":"RS256","typ":"at+jwt"})", R"({"alg":"HS256","typ":"JWT"})", R"({"alg":"HS256"})", "{}",
          "", R"({"alg":"HS256","typ":"at+jwt","crit":["exp"]})",
          R"({"alg":"none","alg":"HS256","typ":"at+jwt"})",
          R"({"alg":"HS256","typ":"at+jwt","jwk":{"kty":"oct","k":"AA"}})",
          R"({"typ":"at+jwt","alg":"HS256"})"})
        CHECK_MESSAGE(!accepted(forged(header, good_payload)), header);
}

TEST_CASE("a token without a good signature is refused") {
    const auto token = tokens().issue(claims(), noon);
    const auto unsigned_part = token.substr(0, token.rfind('.'));
    CHECK_FALSE(accepted(unsigned_part));
    CHECK_FALSE(accepted(unsigned_part + "."));
    CHECK_FALSE(
        accepted(base64url(std::string_view(R"({"alg":"none"})")) + '.' + base64url(good_payload) + '.'));
    CHECK_FALSE(accepted(forged(AccessTokens::header, good_payload, "another secret of the same length")));
    CHECK_FALSE(accepted(forged(AccessTokens::header, good_payload, "")));
    auto tampered = token;
    for (std::size_t i = 0; i < token.size(); ++i) {
        tampered[i] = token[i] == 'A' ? 'B' : 'A';
        CHECK_FALSE(accepted(tampered));
        tampered[i] = token[i];
    }
}

TEST_CASE("text that is not exactly a token is refused") {
    const auto token = tokens().issue(claims(), noon);
    for (const auto& text :
         {std::string(), std::string("."), std::string(".."), token + "=", token + " ", " " + token,
          token + ".x", "Bearer " + token, token + token, std::string(300, '.')})
        CHECK_FALSE(accepted(text));
    CHECK_FALSE(accepted(with_payload("not json")));
}

TEST_CASE("wrong claims are refused even when signed") {
    for (const auto& [from, to] :
         std::vector<std::pair<const char*, const char*>>{{R"("iss":"dacapo")", R"("iss":"other")"},
                                                          {R"("iss":"dacapo",)", ""},
                                                          {R"("aud":"api")", R"("aud":"other")"},
                                                          {R"("aud":"api")", R"("aud":["api"])"},
                                                          {R"("sub":"7")", R"("sub":7)"},
                                                          {R"("sub":"7")", R"("sub":"0")"},
                                                          {R"("sub":"7")", R"("sub":"-7")"},
                                                          {R"("sub":"7")", R"("sub":"07")"},
                                                          {R"("sub":"7")", R"("sub":"7 ")"},
                                                          {R"("sub":"7")", R"("sub":"9007199254740992")"},
                                                          {R"("role":"admin")", R"("role":"root")"},
                                                          {R"("role":"admin",)", ""},
                                                          {R"("sid":9)", R"("sid":0)"},
                                                          {R"("sid":9)", R"("sid":"9")"},
                                                          {R"("pos":42)", R"("pos":-1)"},
                                                          {R"("pos":42,)", ""},
                                                          {R"("exp":1710418500)", R"("exp":99999999999999)"},
                                                          {R"("exp":1710418500)", R"("exp":-1)"},
                                                          {R"("exp":1710418500)", R"("exp":1710418500.5)"},
                                                          {R"("exp":1710418500)", R"("exp":"1710418500")"},
                                                          {R"("exp":1710418500,)", ""},
                                                          {R"("iat":1710417600,)", ""},
                                                          {R"("sub":"7")", R"("sub":"7","sub":"8")"},
                                                          {R"("iss")", R"("nbf":"now","iss")"}})
        CHECK_MESSAGE(!accepted(with_payload(replaced(good_payload, from, to))), to);
    CHECK(accepted(with_payload(replaced(good_payload, R"("iss")", R"("more":"ignored","iss")"))));
}

TEST_CASE("a token of 8 KB is read and a longer one is not") {
    const auto padded = [](std::size_t padding) {
        return with_payload(
            replaced(good_payload, R"("iss")", R"("more":")" + std::string(padding, 'x') + R"(","iss")"));
    };
    std::size_t padding = 5'000;
    while (padded(padding + 1).size() <= access_token_bytes_max) ++padding;
    CHECK(accepted(padded(padding)));
    CHECK_FALSE(accepted(padded(padding + 1)));
}

TEST_CASE("a remembered token is still checked against the time and the server") {
    const auto mine = tokens();
    const auto token = mine.issue(claims(), noon);
    CHECK(mine.verify_cached(token, noon) == claims());
    CHECK(mine.verify_cached(token, noon + 1min) == claims());
    CHECK_FALSE(mine.verify_cached(token, noon + 15min));
    CHECK_FALSE(mine.verify_cached(token + "A", noon));
    const AccessTokens other("another secret of the same length", "dacapo", "api", 15min);
    CHECK_FALSE(other.verify_cached(token, noon));
    CHECK(mine.verify_cached(token, noon) == claims());
}

TEST_CASE("more tokens than are remembered still verify") {
    const auto mine = tokens();
    std::vector<std::string> issued;
    for (int i = 1; i <= 300; ++i) {
        auto who = claims();
        who.user_id = UserId{i};
        issued.push_back(mine.issue(who, noon));
    }
    for (int round = 0; round < 2; ++round)
        for (int i = 0; i < 300; ++i)
            CHECK(mine.verify_cached(issued[static_cast<std::size_t>(i)], noon)->user_id == UserId{i + 1});
}

TEST_CASE("a refresh token names its session and always has the same successor") {
    const RefreshTokens refresh(secret);
    const auto first = refresh.issue(SessionId{9});
    CHECK(first.starts_with("dr1.9."));
    CHECK(refresh.verify(first) == SessionId{9});
    const auto second = refresh.successor_of(first);
    CHECK(second != first);
    CHECK(refresh.verify(second) == SessionId{9});
    CHECK(RefreshTokens(secret).successor_of(first) == second);
    CHECK(refresh.successor_of(second) != second);
    CHECK(refresh.issue(SessionId{9}) != first);
    CHECK(refresh_hash(first) == sha256_hex(first));
}

TEST_CASE("a refresh token that was not issued here is refused") {
    const RefreshTokens refresh(secret);
    const auto token = refresh.issue(SessionId{9});
    CHECK_FALSE(RefreshTokens("another secret of the same length").verify(token));
    auto tampered = token;
    for (std::size_t i = 0; i < token.size(); ++i) {
        tampered[i] = token[i] == 'A' ? 'B' : 'A';
        CHECK_FALSE(refresh.verify(tampered));
        tampered[i] = token[i];
    }
    for (const auto& text :
         {std::string(), std::string("dr1."), std::string("dr1.9"), std::string("dr1.9.."), token + "A",
          token + ".", std::string(10'000, 'x'), "dr1." + std::string(500, 'x')})
        CHECK_FALSE(refresh.verify(text));
    CHECK_THROWS_AS(refresh.successor_of("dr1.9.x.y"), std::invalid_argument);
}

TEST_CASE("neither token passes for the other") {
    const RefreshTokens refresh(secret);
    const auto token = refresh.issue(SessionId{9});
    CHECK_FALSE(accepted(token));
    CHECK_FALSE(refresh.verify(tokens().issue(claims(), noon)));
    // Signed with the secret itself, as an access token is.
    const std::string text = "dr1.9." + base64url(std::string_view(std::string(32, 'n')));
    CHECK_FALSE(refresh.verify(text + '.' + base64url(hmac_sha256(secret, text))));
}

namespace {

constexpr std::string_view next_secret = "the secret that comes after that one";

}  // namespace

TEST_CASE("while secrets are exchanged, access tokens of both hold and new ones are signed with the first") {
    const AccessTokens after(next_secret, "dacapo", "api", 15min, secret);
    const auto before = tokens().issue(claims(), noon);
    for (int look = 0; look < 2; ++look) CHECK(after.verify_cached(before, noon) == claims());
    const auto issued = after.issue(claims(), noon);
    CHECK(issued == AccessTokens(next_secret, "dacapo", "api", 15min).issue(claims(), noon));
    CHECK_FALSE(accepted(issued));
    // A server that has not been told to sign with it yet may accept it already.
    CHECK(AccessTokens(secret, "dacapo", "api", 15min, next_secret).verify(issued, noon) == claims());
    // The exchange is over.
    CHECK_FALSE(AccessTokens(next_secret, "dacapo", "api", 15min).verify_cached(before, noon));
    // Nothing else that the previous secret signs holds more than before.
    CHECK_FALSE(after.verify(forged(R"({"alg":"HS256"})", good_payload), noon));
    CHECK_FALSE(after.verify(before, noon + 15min));
    CHECK_FALSE(after.verify(forged(AccessTokens::header, good_payload, ""), noon));
}

TEST_CASE("while secrets are exchanged, refresh tokens of both are known and succeeded by the first's") {
    const RefreshTokens before(secret);
    const RefreshTokens after(next_secret, secret);
    const auto token = before.issue(SessionId{9});
    CHECK(after.verify(token) == SessionId{9});
    const auto successor = after.successor_of(token);
    CHECK_FALSE(before.verify(successor));
    CHECK(RefreshTokens(next_secret).verify(successor) == SessionId{9});
    CHECK(after.successor_of(token, refresh_hash(token)) == successor);
    CHECK_FALSE(RefreshTokens(next_secret).verify(token));
    CHECK_FALSE(before.verify(after.issue(SessionId{9})));
}

TEST_CASE("a successor that was given before an exchange is given again after it began") {
    const RefreshTokens before(secret);
    const RefreshTokens after(next_secret, secret);
    const auto token = before.issue(SessionId{9});
    const auto given = before.successor_of(token);
    CHECK(after.successor_of(token, refresh_hash(given)) == given);
    // As by a server that still signs with the one, of what another gave that signs with the other already.
    const RefreshTokens not_yet(secret, next_secret);
    const auto by_after = after.successor_of(token);
    CHECK(not_yet.successor_of(token, refresh_hash(by_after)) == by_after);
}
