// The field `traceparent` of W3C Trace Context: which trace a request is part of, if its client says so.
// Here because it goes into the log and out to other systems, which read it without asking again.
#pragma once

#include <string>
#include <string_view>

namespace dacapo::http {

// 00-, the trace in 32 digits, its parent in 16, flags in 2
inline constexpr std::size_t traceparent_bytes = 55;

// The field's value as one of version 00 (https://www.w3.org/TR/trace-context/, 3.2). Empty for what has to
// be ignored: that is never a reason to refuse a request.
std::string traceparent_of(std::string_view field);

}  // namespace dacapo::http
