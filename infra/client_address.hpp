// Whose address a request comes from: the peer's, or, when the peer is a proxy that the operator trusts, the
// one that the proxy says. Here because a limit per address is worth nothing when clients may choose theirs.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dacapo {

class TrustedProxies {
public:
    TrustedProxies() = default;
    // Addresses and CIDR networks: {"10.0.0.7", "192.168.0.0/16", "fd00::/8"}. Throws std::invalid_argument.
    explicit TrustedProxies(const std::vector<std::string>& networks);

    bool empty() const { return networks_.empty(); }
    bool contains(std::string_view address) const;

    // The nearest address that is no trusted proxy: `X-Forwarded-For` and `Forwarded` (RFC 7239) are read
    // from the right, each hop only as long as the one that wrote it is trusted. A proxy writes one of the
    // two and passes the other on as the client sent it, so when both are there they must agree, or the
    // peer's own address counts.
    std::string client_of(std::string_view peer, std::string_view x_forwarded_for,
                          std::string_view forwarded) const;

private:
    using Bytes = std::array<std::uint8_t, 16>;  // IPv4 as ::ffff:a.b.c.d
    struct Network {
        Bytes bytes{};
        unsigned prefix_bits = 128;
    };

    std::string nearest_untrusted(std::string_view peer, const std::vector<std::string>& hops) const;

    std::vector<Network> networks_;
};

// Of a network that the world does not reach (RFC 1918, RFC 6598, RFC 4193, link-local). A name is none.
bool is_private_address(std::string_view host);

// What counts as one client: an IPv4 address itself; of an IPv6 address its /64, which one client commands
// whole.
std::string network_of(std::string_view address);

}  // namespace dacapo
