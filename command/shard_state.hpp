// Everything one shard keeps in memory: the states of its aggregates, and the indexes that find them.
// It is made from the shard's records alone, so replaying them gives it back; ids come from its own counters.
#pragma once

#include "domain/account.hpp"
#include "domain/catalogue.hpp"
#include "domain/check_in.hpp"
#include "domain/conversation.hpp"
#include "domain/gathering.hpp"
#include "domain/roster.hpp"
#include "domain/session.hpp"
#include "domain/title.hpp"
#include "events/placement.hpp"
#include "events/record.hpp"
#include "infra/log/event_log.hpp"

#include <boost/unordered/unordered_flat_map.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dacapo {

// How long an Idempotency-Key is remembered, and how many at the most per shard (4 million in a process of 16
// shards).
inline constexpr std::chrono::hours idempotency_window{24};
inline constexpr std::size_t remembered_keys_max = 250'000;

template <class State>
struct Stream {
    State state;
    std::int64_t version = 0;  // of the last event; 0: nothing has happened yet

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("state", self.state);
        field("version", self.version);
    }
};

// Where a message's record is, and its place in its conversation.
struct MessagePlace {
    ConversationId conversation_id;
    std::int64_t sequence = 0;
    Position position = 0;  // 0 until the record is durable

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("conversation_id", self.conversation_id);
        field("sequence", self.sequence);
        field("position", self.position);
    }
};

// What is remembered of one Idempotency-Key with the shard that its command went to.
struct RememberedKey {
    std::array<std::uint8_t, 16> key_hash{};
    std::uint64_t fingerprint = 0;
    Position position = 0;
    Timestamp time;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("key_hash", self.key_hash);
        field("fingerprint", self.fingerprint);
        field("position", self.position);
        field("time", self.time);
    }
};

// SHA-256 of the folded text, cut to 128 bits: state holds no e-mail or username in clear.
using TextHash = std::array<std::uint8_t, 16>;
TextHash text_hash(std::string_view text);
// The key under which an e-mail address or a username is unique: the case of ASCII letters does not count.
TextHash login_hash(std::string_view email_or_username);

struct TextHashHash {
    std::size_t operator()(const TextHash& hash) const noexcept;
};
struct MemberPair {
    UserId low;
    UserId high;
    bool operator==(const MemberPair&) const = default;
    static MemberPair of(UserId one, UserId other);
    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("low", self.low);
        field("high", self.high);
    }
};
struct MemberPairHash {
    std::size_t operator()(const MemberPair& pair) const noexcept;
};

struct ShardState {
    int shard = 0;
    int shard_count = shard_count_default;

    std::int64_t term = 1;              // of the records to come; not in the snapshot
    std::int64_t sequence = 0;          // of the newest record decided
    std::int64_t durable_sequence = 0;  // of the newest record replayed or made durable
    Position position =
        0;  // up to here nothing of this shard is missing; at least that of its newest durable record
    Timestamp last_time;

    // Dense by their own sequence: index 0 is the aggregate with sequence 1.
    std::deque<Stream<Account::State>> accounts;  // shard 0: user id = sequence
    std::deque<Position>
        account_positions;  // of the record that registered each, for what state may not hold
    std::deque<Stream<Session::State>> sessions;  // shard 0: session id = sequence
    std::deque<Stream<Gathering::State>> gatherings;
    std::deque<Stream<Roster::State>> rosters;
    std::deque<Stream<Conversation::State>> conversations;
    std::deque<MessagePlace> messages;
    std::int64_t check_in_count = 0;
    std::deque<Stream<Instrument::State>> instruments;  // shard 0: instrument id = sequence
    std::deque<Stream<Genre::State>> genres;            // shard 0: genre id = sequence

    boost::unordered_flat_map<std::string, Stream<Title::State>> titles;  // by folded title
    boost::unordered_flat_map<UserId, Stream<CheckIns::State>, std::hash<UserId>> check_ins;  // by person

    std::deque<RememberedKey> remembered_keys;  // in the order of their records, for 24 hours

    boost::unordered_flat_map<TextHash, UserId, TextHashHash> emails;  // shard 0
    boost::unordered_flat_map<TextHash, UserId, TextHashHash> usernames;

    // Found again from the states above; not in the snapshot.
    boost::unordered_flat_map<UserId, std::vector<SessionId>, std::hash<UserId>>
        open_sessions;  // oldest first
    boost::unordered_flat_map<MemberPair, ConversationId, MemberPairHash> direct_conversations;
    boost::unordered_flat_map<CheckInId, UserId, std::hash<CheckInId>> active_check_ins;
    std::set<std::pair<Timestamp, UserId>> check_in_expiries;
    std::set<std::pair<Timestamp, GatheringId>> gathering_ends;
    boost::unordered_flat_map<std::string, InstrumentId> instrument_names;  // by folded name, of those in use
    boost::unordered_flat_map<std::string, GenreId> genre_names;

    // The ids that the next aggregates will have.
    UserId next_user() const { return UserId{std::ssize(accounts) + 1}; }
    SessionId next_session() const { return SessionId{std::ssize(sessions) + 1}; }
    GatheringId next_gathering() const { return GatheringId{id_after(std::ssize(gatherings))}; }
    ConversationId next_conversation() const { return ConversationId{id_after(std::ssize(conversations))}; }
    MessageId next_message() const { return MessageId{id_after(std::ssize(messages))}; }
    CheckInId next_check_in() const { return CheckInId{id_after(check_in_count)}; }
    InstrumentId next_instrument() const { return InstrumentId{std::ssize(instruments) + 1}; }
    GenreId next_genre() const { return GenreId{std::ssize(genres) + 1}; }

    // Null when there is none. The id must be of this shard.
    const Stream<Account::State>* account(UserId id) const;
    const Stream<Session::State>* session(SessionId id) const;
    // Those of a user that have not ended, oldest first.
    std::span<const SessionId> sessions_of(UserId user) const;
    const Stream<Gathering::State>* gathering(GatheringId id) const;
    const Stream<Roster::State>* roster(GatheringId id) const;
    const Stream<Conversation::State>* conversation(ConversationId id) const;
    const MessagePlace* message(MessageId id) const;
    const Stream<Instrument::State>* instrument(InstrumentId id) const;
    const Stream<Genre::State>* genre(GenreId id) const;
    // Of the record that registered the account; 0 when there is none that is durable.
    Position account_position(UserId id) const;

    // The version that the stream's next event gets.
    std::int64_t next_version(StreamId stream, const Event& event) const;

    // Applies a decided or a replayed event; `position` is 0 while its record is not durable.
    // Throws std::logic_error for a history that cannot be (a version that is not the next one).
    void evolve(const RecordedEvent& recorded, Position at);
    // A decided or replayed record is durable at this position. After evolve() of all its events.
    void settle(const LogEntry& entry);
    // After loading a snapshot: makes the indexes from the states.
    void rebuild_indexes();

    // What a snapshot holds.
    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("sequence", self.sequence);
        field("durable_sequence", self.durable_sequence);
        field("position", self.position);
        field("last_time", self.last_time);
        field("accounts", self.accounts);
        field("account_positions", self.account_positions);
        field("sessions", self.sessions);
        field("gatherings", self.gatherings);
        field("rosters", self.rosters);
        field("conversations", self.conversations);
        field("messages", self.messages);
        field("check_in_count", self.check_in_count);
        field("instruments", self.instruments);
        field("genres", self.genres);
        field("titles", self.titles);
        field("check_ins", self.check_ins);
        field("remembered_keys", self.remembered_keys);
        field("emails", self.emails);
        field("usernames", self.usernames);
    }

private:
    std::int64_t id_after(std::int64_t count) const { return make_id(count + 1, shard, shard_count); }
    std::int64_t index_of(std::int64_t id) const { return sequence_of_id(id, shard_count) - 1; }

    void apply(const AccountEvent& event, StreamId stream, std::int64_t version);
    void apply(const SessionEvent& event, StreamId stream, std::int64_t version);
    void apply(const TitleEvent& event, StreamId stream, std::int64_t version);
    void apply(const GatheringEvent& event, StreamId stream, std::int64_t version);
    void apply(const RosterEvent& event, StreamId stream, std::int64_t version);
    void apply(const ConversationEvent& event, StreamId stream, std::int64_t version);
    void apply(const CheckInEvent& event, StreamId stream, std::int64_t version);
    void apply(const InstrumentEvent& event, StreamId stream, std::int64_t version);
    void apply(const GenreEvent& event, StreamId stream, std::int64_t version);
    Position applying_at_ = 0;
};

StreamId title_stream(std::string_view folded_title);

// Who asks, and what a record says of the request that it came from.
struct CommandOrigin {
    CommandId command_id;
    UserId actor;  // none: the system itself
    Role role = Role::user;
    std::string correlation_id;
    std::string causation_id;
    std::string traceparent;
    std::optional<IdempotencyMark> idempotency;
};

// The next record of a shard: numbers the events within their streams and applies them to the state.
std::shared_ptr<LogEntry> record_events(ShardState& state, CommandOrigin origin,
                                        std::vector<StreamEvent> events, Timestamp now);

}  // namespace dacapo
