#include "infra/client_address.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <charconv>
#include <optional>
#include <stdexcept>

namespace dacapo {
namespace {

using boost::asio::ip::address;
using boost::asio::ip::address_v6;

constexpr unsigned bits_before_v4 = 96;
constexpr std::size_t hops_max = 32;  // a longer list is somebody's invention

std::optional<address> address_of(std::string_view text) {
    boost::system::error_code error;
    auto found = boost::asio::ip::make_address(text, error);
    if (error) return std::nullopt;
    if (found.is_v6() && found.to_v6().is_v4_mapped())
        found = boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, found.to_v6());
    return found;
}

std::array<std::uint8_t, 16> bytes_of(const address& from) {
    const auto v6 = from.is_v4() ? boost::asio::ip::make_address_v6(boost::asio::ip::v4_mapped, from.to_v4())
                                 : from.to_v6();
    return v6.to_bytes();
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

// `192.0.2.1`, `192.0.2.1:4711`, `[2001:db8::1]`, `[2001:db8::1]:4711`, `2001:db8::1`; empty for anything
// else.
std::string hop_of(std::string_view text) {
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
    if (text.starts_with('[')) {
        text = text.substr(1, text.find(']') == text.npos ? 0 : text.find(']') - 1);
    } else if (std::ranges::count(text, ':') == 1) {
        text = text.substr(0, text.find(':'));
    }
    const auto found = address_of(text);
    return found ? found->to_string() : std::string();
}

std::vector<std::string> hops_of(std::string_view x_forwarded_for) {
    std::vector<std::string> hops;
    while (!x_forwarded_for.empty() && hops.size() < hops_max) {
        const auto comma = x_forwarded_for.rfind(',');
        const auto from = comma == x_forwarded_for.npos ? 0 : comma + 1;
        hops.push_back(hop_of(trimmed(x_forwarded_for.substr(from))));
        x_forwarded_for =
            comma == x_forwarded_for.npos ? std::string_view() : x_forwarded_for.substr(0, comma);
    }
    return hops;
}

bool is_for(std::string_view name) {
    return name.size() == 3 && (name[0] | 0x20) == 'f' && (name[1] | 0x20) == 'o' && (name[2] | 0x20) == 'r';
}

// The `for` of each element; a quoted text holds no comma or semicolon in any lawful node name.
std::vector<std::string> hops_of_forwarded(std::string_view forwarded) {
    std::vector<std::string> hops;
    while (!forwarded.empty() && hops.size() < hops_max) {
        const auto comma = forwarded.rfind(',');
        auto element = forwarded.substr(comma == forwarded.npos ? 0 : comma + 1);
        forwarded = comma == forwarded.npos ? std::string_view() : forwarded.substr(0, comma);
        std::string hop;
        while (!element.empty()) {
            const auto end = std::min(element.find(';'), element.size());
            const auto pair = trimmed(element.substr(0, end));
            const auto equals = pair.find('=');
            if (equals != pair.npos && is_for(pair.substr(0, equals))) hop = hop_of(pair.substr(equals + 1));
            element.remove_prefix(std::min(end + 1, element.size()));
        }
        hops.push_back(std::move(hop));
    }
    return hops;
}

}  // namespace

TrustedProxies::TrustedProxies(const std::vector<std::string>& networks) {
    for (const auto& text : networks) {
        const auto slash = text.find('/');
        const auto found = address_of(std::string_view(text).substr(0, slash));
        const unsigned whole = found && found->is_v4() ? 32 : 128;
        unsigned bits = whole;
        if (slash != text.npos) {
            const char* end = text.data() + text.size();
            const auto [at, error] = std::from_chars(text.data() + slash + 1, end, bits);
            if (error != std::errc{} || at != end) bits = whole + 1;
        }
        if (!found || bits > whole) throw std::invalid_argument("no address or network: " + text);
        networks_.push_back({bytes_of(*found), found->is_v4() ? bits_before_v4 + bits : bits});
    }
}

bool TrustedProxies::contains(std::string_view text) const {
    const auto found = address_of(text);
    if (!found) return false;
    const auto bytes = bytes_of(*found);
    return std::ranges::any_of(networks_, [&](const Network& network) {
        for (unsigned bit = 0; bit < network.prefix_bits; ++bit) {
            const auto mask = static_cast<std::uint8_t>(0x80U >> (bit % 8));
            if ((bytes[bit / 8] & mask) != (network.bytes[bit / 8] & mask)) return false;
        }
        return true;
    });
}

// `hops` from the right to the left.
std::string TrustedProxies::nearest_untrusted(std::string_view peer,
                                              const std::vector<std::string>& hops) const {
    std::string nearest(peer);
    for (const auto& hop : hops) {
        if (hop.empty() || !contains(nearest)) break;
        nearest = hop;
    }
    return nearest;
}

std::string TrustedProxies::client_of(std::string_view peer, std::string_view x_forwarded_for,
                                      std::string_view forwarded) const {
    if (networks_.empty() || (x_forwarded_for.empty() && forwarded.empty()) || !contains(peer))
        return std::string(peer);
    if (forwarded.empty()) return nearest_untrusted(peer, hops_of(x_forwarded_for));
    const auto by_rfc = nearest_untrusted(peer, hops_of_forwarded(forwarded));
    if (x_forwarded_for.empty()) return by_rfc;
    return nearest_untrusted(peer, hops_of(x_forwarded_for)) == by_rfc ? by_rfc : std::string(peer);
}

bool is_private_address(std::string_view host) {
    static const TrustedProxies networks({"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10",
                                          "169.254.0.0/16", "fc00::/7", "fe80::/10"});
    return networks.contains(host);
}

std::string network_of(std::string_view text) {
    const auto found = address_of(text);
    if (!found || found->is_v4()) return found ? found->to_string() : std::string(text);
    auto bytes = found->to_v6().to_bytes();
    std::fill(bytes.begin() + 8, bytes.end(), std::uint8_t{0});
    return address_v6(bytes).to_string() + "/64";
}

}  // namespace dacapo
