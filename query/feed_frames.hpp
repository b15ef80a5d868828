// The frames of the feed without a subprotocol, as clients parse them: one JSON object each, `type` first.
// Built once for all who get the same; nothing here knows of sockets.
#pragma once

#include "infra/http/websocket.hpp"
#include "infra/log/event_log.hpp"
#include "query/feed_settings.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace dacapo {

// The opaque text that clients may give back to a query (`?after=`) or a feed (`?since=`): everything up to
// here is shown.
std::string position_text(const std::string& epoch, const Frontier& shown);

// `{"type":"new_message","message":{...},"position":"..."}`, the message as GET shows it before it is read.
http::Frame new_message_frame(const MessageSent& message, std::string_view position);

// `{"type":"events","data":[...],"position":"..."}`; `data` is JSON already.
http::Frame list_frame(ListKind kind, std::string_view data, std::string_view position);

// What a socket shows first. A part that its topics leave out is left out of the frame.
struct InitialParts {
    std::optional<std::string_view> check_ins;  // JSON arrays
    std::optional<std::string_view> events;
    std::optional<std::int64_t> unread;
    std::optional<bool> recovered;  // of a socket that came back: what it missed follows, or cannot be had
};
http::Frame initial_frame(const InitialParts& parts, std::string_view position);

}  // namespace dacapo
