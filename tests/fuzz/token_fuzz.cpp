// Tokens from strangers: nothing is accepted that was not issued, and no payload under a good signature
// crashes.
#include "infra/crypto/feed_ticket.hpp"
#include "infra/crypto/flat_json.hpp"
#include "infra/crypto/token.hpp"

#include <cstdlib>

using namespace dacapo;

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const AccessTokens access("a secret of the fuzz target, 32 bytes", "dacapo", "api",
                                     std::chrono::minutes{15});
    static const RefreshTokens refresh("a secret of the fuzz target, 32 bytes");
    static const FeedTickets tickets("a secret of the fuzz target, 32 bytes");
    static const HmacKey key("a secret of the fuzz target, 32 bytes");
    static const std::string header = base64url(AccessTokens::header) + '.';
    const Timestamp now{std::chrono::seconds{1'710'417'600}};
    const std::string_view text(reinterpret_cast<const char*>(data), size);

    require(!access.verify(text, now));
    require(!refresh.verify(text));
    require(!tickets.verify(text, now));
    const auto decoded = base64url_decoded(text);
    require(!decoded || base64url(*decoded) == text);
    FlatJson::parse(text);

    std::string token = header + base64url(text);
    const auto mac = key.sign(token);
    token += '.';
    token += base64url(mac);
    if (const auto claims = access.verify(token, now)) {
        require(claims->user_id.value > 0 && claims->user_id.value < id_limit);
        require(claims->expires_at > now && FlatJson::parse(text));
        require(access.verify_cached(token, now) == claims);
    }
    return 0;
}
