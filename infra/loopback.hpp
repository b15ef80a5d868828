// Whether a host, as a setting names it, is this machine: what is sent there crosses no network.
#pragma once

#include <string_view>

namespace dacapo {

constexpr bool is_loopback(std::string_view host) {
    return host == "localhost" || host == "::1" || host == "[::1]" || host.starts_with("127.");
}

}  // namespace dacapo
