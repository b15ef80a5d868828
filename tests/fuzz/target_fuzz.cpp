// Request targets from strangers: what is accepted is one clean path and query, and means the same when it is
// written again.
#include "infra/http/target.hpp"

#include "infra/http/utf8.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

using namespace dacapo::http;

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

std::string encoded(std::string_view text, std::string_view kept) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (plain || kept.find(c) != kept.npos)
            out += c;
        else
            out.append(1, '%').append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
    }
    return out;
}

std::string written(const Request& request) {
    // Behind /api, which is taken off once, so that a path that itself begins so comes back.
    std::string target = "/api" + encoded(request.path, "/");
    for (const auto& [name, value] : request.query) {
        target += target.find('?') == target.npos ? '?' : '&';
        target += encoded(name, "") + '=' + encoded(value, "");
    }
    return target;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    is_host(text);
    Request request;
    if (const auto error = parse_target(text, "example.org", request)) {
        require(error->status >= 400 && error->status < 500);
        return 0;
    }
    require(request.path.starts_with('/') && is_utf8(request.path));
    require(request.path.find_first_of(std::string_view("\0\\\r\n", 4)) == std::string::npos);
    for (const auto* climb : {"/../", "/./"}) require((request.path + '/').find(climb) == std::string::npos);
    for (const auto& [name, value] : request.query) {
        require(is_utf8(name) && is_utf8(value));
        require((name + value).find('\0') == std::string::npos);
        require(std::ranges::count(request.query, name, &std::pair<std::string, std::string>::first) == 1);
    }
    Request again;
    require(!parse_target(written(request), "example.org", again));
    require(again.query == request.query);
    require(again.path == request.path || request.path.ends_with('/'));
    return 0;
}
