// One entry of the log: the events of one command, atomically, with who asked, when and why.
// The same record is written to every kind of log; its text form is in codec.hpp.
#pragma once

#include "events/account_events.hpp"
#include "events/catalogue_events.hpp"
#include "events/check_in_events.hpp"
#include "events/conversation_events.hpp"
#include "events/gathering_events.hpp"
#include "events/roster_events.hpp"

#include <array>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace dacapo {

// The registry of every stored event: one alternative per aggregate, each a variant of its events.
using Event = std::variant<AccountEvent, SessionEvent, TitleEvent, GatheringEvent, RosterEvent,
                           ConversationEvent, CheckInEvent, InstrumentEvent, GenreEvent>;

enum class StreamKind {
    account,
    session,
    title,
    gathering,
    roster,
    conversation,
    check_in,
    instrument,
    genre
};

// Names the stream of one aggregate. As text `roster-33`; the key is the aggregate's id, or a hash for a
// title.
struct StreamId {
    StreamKind kind{};
    std::int64_t key = 0;

    auto operator<=>(const StreamId&) const = default;
};

std::string_view name_of(StreamKind kind);
std::string text_of(StreamId stream);

// 128 random bits chosen by whoever sent the command; in text 32 hexadecimal digits.
struct CommandId {
    std::array<std::uint8_t, 16> bytes{};

    auto operator<=>(const CommandId&) const = default;
};

// What a client's Idempotency-Key leaves in the log: never the key itself, never the answer.
struct IdempotencyMark {
    std::array<std::uint8_t, 16> key_hash{};  // of user, method, path and key
    std::uint64_t fingerprint = 0;            // of the request body

    auto operator<=>(const IdempotencyMark&) const = default;
};

struct StreamEvent {
    StreamId stream;
    Event event;

    bool operator==(const StreamEvent&) const = default;
};

struct RecordedEvent {
    StreamId stream;
    std::int64_t version = 0;  // 1, 2, 3 ... dense within the stream
    Event event;

    bool operator==(const RecordedEvent&) const = default;
};

struct Record {
    int shard = 0;
    std::int64_t term = 1;      // which writer of the shard; always 1 in the embedded log
    std::int64_t sequence = 0;  // 1, 2, 3 ... dense within the shard
    CommandId command_id;
    UserId actor;    // none: the system itself
    Timestamp time;  // never runs backwards within a shard
    std::string correlation_id;
    std::string causation_id;
    std::string traceparent;  // W3C Trace Context of the request, or empty
    std::optional<IdempotencyMark> idempotency;
    std::vector<RecordedEvent> events;

    bool operator==(const Record&) const = default;
};

}  // namespace dacapo
