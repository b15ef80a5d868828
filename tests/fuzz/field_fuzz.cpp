// Header fields with a grammar of their own: Idempotency-Key, lists of entity tags, the addresses that
// proxies write (X-Forwarded-For, RFC 7239), and traceparent.
#include "api/idempotency_key.hpp"
#include "infra/client_address.hpp"
#include "infra/http/message.hpp"
#include "infra/http/trace_context.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

using namespace dacapo;

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

void check_key(std::string_view text) {
    const auto key = api::idempotency_key(text);
    if (!key) return;
    require(!key->empty() && key->size() <= api::idempotency_key_bytes_max);
    require(std::ranges::all_of(*key, [](char c) { return c >= 0x20 && c < 0x7F; }));
    // Written in quotes, it is the same key.
    std::string field = "\"";
    for (const char c : *key) {
        if (c == '"' || c == '\\') field += '\\';
        field += c;
    }
    require(api::idempotency_key(field += '"') == key);
}

void check_trace(std::string_view text) {
    const auto trace = http::traceparent_of(text);
    if (trace.empty()) return;
    require(trace.size() == http::traceparent_bytes && trace.starts_with("00-"));
    require(trace.find_first_not_of("0123456789abcdef-") == trace.npos);
    require(std::ranges::count(trace, '-') == 3 && trace[35] == '-' && trace[52] == '-');
    require(trace.find_first_not_of('0', 3) < 35 && trace.find_first_not_of('0', 36) < 52);
    require(text.substr(2, 51) == std::string_view(trace).substr(2, 51));
    require(http::traceparent_of(trace) == trace);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const TrustedProxies proxies({"10.0.0.0/8", "fd00::/8"});
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check_key(text);
    check_trace(text);
    // A tag that stands in front of a list is found whatever follows it.
    http::etag_matches(text, "\"5\"");
    require(http::etag_matches("\"5\", " + std::string(text), "\"5\""));

    require(proxies.client_of("192.0.2.1", text, text) == "192.0.2.1");  // of a stranger nothing is believed
    for (const auto& client :
         {proxies.client_of("10.0.0.1", text, ""), proxies.client_of("10.0.0.1", "", text),
          proxies.client_of("10.0.0.1", text, text)}) {
        require(!client.empty() && client.size() <= 64);
        require(!network_of(client).empty());
    }
    return 0;
}
