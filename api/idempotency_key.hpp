// The field Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): a Structured-Field string, or the
// bare text that most clients send. One place, so that a key means the same wherever it is read.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace dacapo::api {

inline constexpr std::size_t idempotency_key_bytes_max = 255;

// The key itself. A string in quotes (RFC 8941 3.3.3) may hold spaces, and quotes and backslashes behind a
// backslash; nothing may stand behind it. Bare text is printable ASCII without any of these. Nothing for
// other fields, for an empty key and for one that is too long.
std::optional<std::string> idempotency_key(std::string_view field);

}  // namespace dacapo::api
