// What a client knows of the object that it changes (RFC 9110 13): `If-Match` and `If-None-Match` of a
// command.
#pragma once

#include "infra/http/message.hpp"

#include <cstdint>
#include <string>

namespace dacapo {

struct Preconditions {
    std::string if_match;
    std::string if_none_match;

    static Preconditions of(const http::Request& request) {
        return {request.if_match, request.if_none_match};
    }
    // Against an object that is there. A tag is "v<version>", or an ETag, which begins with the version; both
    // fields take a list of them, or `*`. Throws Problem (412).
    void check(std::int64_t version) const;
};

}  // namespace dacapo
