// The text form of a record: one JSON object, written once when a command is decided and kept for ever.
// Encoding writes straight to a string; decoding goes through Boost.JSON and the events' own field lists.
#pragma once

#include "events/record.hpp"

#include <stdexcept>
#include <string>
#include <string_view>

namespace dacapo {

// Text that is not a record this build understands: damaged, or written by a newer one. what() says where.
struct CodecError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

std::string encode(const Record& record);
// Throws CodecError.
Record decode(std::string_view payload);

// The stored name of an event, for example `roster.participant-joined`.
EventType type_of(const Event& event);

std::string hex_of(const CommandId& id);
// Throws CodecError when the text is not 32 hexadecimal digits.
CommandId command_id_of(std::string_view hex);

}  // namespace dacapo
