#include "infra/client_address.hpp"

#include <doctest/doctest.h>
#include <stdexcept>

namespace dacapo {
namespace {

const TrustedProxies proxies({"10.0.0.0/8", "192.0.2.7", "fd00::/8"});

std::string by_list(std::string_view x_forwarded_for, std::string_view peer = "10.0.0.1") {
    return proxies.client_of(peer, x_forwarded_for, "");
}
std::string by_rfc(std::string_view forwarded, std::string_view peer = "10.0.0.1") {
    return proxies.client_of(peer, "", forwarded);
}

}  // namespace

TEST_CASE("networks hold the addresses of their prefix and no others") {
    for (const char* in : {"10.0.0.0", "10.255.255.255", "192.0.2.7", "fd12::1", "::ffff:10.1.2.3"})
        CHECK_MESSAGE(proxies.contains(in), in);
    for (const char* out :
         {"11.0.0.0", "9.255.255.255", "192.0.2.6", "192.0.2.8", "fe00::1", "::1", "", "x", "10.0.0"})
        CHECK_FALSE_MESSAGE(proxies.contains(out), out);
    const TrustedProxies odd({"10.128.0.0/9", "0.0.0.0/0"});
    CHECK(odd.contains("1.2.3.4"));
    CHECK_FALSE(odd.contains("2001:db8::1"));
    for (const char* bad :
         {"", "x", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x", "::/129", "10.0.0.0/-1", "host.example"})
        CHECK_THROWS_AS(TrustedProxies({bad}), std::invalid_argument);
}

TEST_CASE("only a trusted peer is believed") {
    CHECK(by_list("203.0.113.9") == "203.0.113.9");
    CHECK(by_list("203.0.113.9", "203.0.113.1") == "203.0.113.1");
    CHECK(TrustedProxies().client_of("10.0.0.1", "203.0.113.9", "") == "10.0.0.1");
    CHECK(by_list("") == "10.0.0.1");
}

TEST_CASE("the right-most hop that is no proxy is the client, whatever stands to its left") {
    CHECK(by_list("198.51.100.1, 203.0.113.9") == "203.0.113.9");
    CHECK(by_list("198.51.100.1,203.0.113.9 , 10.0.0.2,192.0.2.7") == "203.0.113.9");
    CHECK(by_list("10.0.0.3, 10.0.0.2") == "10.0.0.3");
    std::string long_list;
    for (int i = 0; i < 1000; ++i) long_list += "10.0.0.2,";
    CHECK(by_list(long_list + "203.0.113.9") == "203.0.113.9");
}

TEST_CASE("a hop that is no address ends the chain at the proxy that wrote it") {
    for (const char* hop : {"unknown", "_hidden", "203.0.113.9.1", "<script>", "", ",", "[", "[]", "[::1"})
        CHECK_MESSAGE(by_list(std::string("198.51.100.1, ") + hop) == "10.0.0.1", hop);
    CHECK(by_list("unknown, 203.0.113.9") == "203.0.113.9");
    CHECK(by_list("203.0.113.9, unknown, 10.0.0.2") == "10.0.0.2");
}

TEST_CASE("ports, brackets and IPv4 written as IPv6 name the same address") {
    CHECK(by_list("203.0.113.9:4711") == "203.0.113.9");
    CHECK(by_list("[2001:db8::9]:4711") == "2001:db8::9");
    CHECK(by_list("2001:DB8::9") == "2001:db8::9");
    CHECK(by_list("::ffff:203.0.113.9") == "203.0.113.9");
    CHECK(by_list("203.0.113.9", "::ffff:10.0.0.1") == "203.0.113.9");
}

TEST_CASE("Forwarded is read as RFC 7239 writes it") {
    CHECK(by_rfc("for=203.0.113.9") == "203.0.113.9");
    CHECK(by_rfc("For=\"[2001:db8:cafe::17]:4711\"") == "2001:db8:cafe::17");
    CHECK(by_rfc("for=192.0.2.43, for=198.51.100.17;by=10.0.0.5;proto=http;host=example.com") ==
          "198.51.100.17");
    CHECK(by_rfc("proto=https; for=203.0.113.9 ; host=x, for=10.0.0.9") == "203.0.113.9");
    for (const char* none : {"for=unknown", "for=_x", "by=203.0.113.9", "203.0.113.9", ";;;", "for="})
        CHECK_MESSAGE(by_rfc(none) == "10.0.0.1", none);
}

TEST_CASE("when a proxy writes one of the fields and the client the other, neither is believed") {
    CHECK(proxies.client_of("10.0.0.1", "203.0.113.9", "for=198.51.100.1") == "10.0.0.1");
    CHECK(proxies.client_of("10.0.0.1", "203.0.113.9", "for=203.0.113.9") == "203.0.113.9");
    CHECK(proxies.client_of("203.0.113.1", "203.0.113.9", "for=203.0.113.9") == "203.0.113.1");
}

TEST_CASE("one client is an IPv4 address or an IPv6 /64") {
    CHECK(network_of("203.0.113.9") == "203.0.113.9");
    CHECK(network_of("::ffff:203.0.113.9") == "203.0.113.9");
    CHECK(network_of("2001:db8:1:2:3:4:5:6") == network_of("2001:db8:1:2::1"));
    CHECK(network_of("2001:db8:1:2::1") != network_of("2001:db8:1:3::1"));
}

}  // namespace dacapo
