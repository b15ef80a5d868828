#include "command/shard_state.hpp"

#include "infra/crypto/digest.hpp"
#include "infra/text.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace dacapo {
namespace {

template <class Streams>
auto* find(Streams& streams, std::int64_t index) {
    return index >= 0 && index < std::ssize(streams) ? &streams[static_cast<std::size_t>(index)] : nullptr;
}

template <class Streams>
auto& at(Streams& streams, std::int64_t index, StreamId stream) {
    if (auto* found = find(streams, index)) return *found;
    throw std::logic_error("an event of " + text_of(stream) + ", which was never begun");
}

// The place of a new aggregate: always right behind the last one.
template <class Streams>
auto& append(Streams& streams, std::int64_t index, StreamId stream) {
    if (index != std::ssize(streams)) throw std::logic_error(text_of(stream) + " was begun out of turn");
    return streams.emplace_back();
}

template <class Aggregate, class State>
void evolve_stream(Stream<State>& of, const typename Aggregate::Event& event, StreamId stream,
                   std::int64_t version) {
    if (version != of.version + 1)
        throw std::logic_error(text_of(stream) + " has version " + std::to_string(of.version) +
                               ", the next event says " + std::to_string(version));
    Aggregate::evolve(of.state, event);
    of.version = version;
}

// Keeps the index of names in step: only an entry in use holds its name.
template <class Entry, class Streams, class Names>
void evolve_entry(Streams& entries, Names& names, const typename Entry::Event& event, StreamId stream,
                  std::int64_t version) {
    auto& entry =
        version == 1 ? append(entries, stream.key - 1, stream) : at(entries, stream.key - 1, stream);
    if (version > 1) names.erase(fold(entry.state.name));
    evolve_stream<Entry>(entry, event, stream, version);
    if (!entry.state.retired) names[fold(entry.state.name)] = entry.state.id;
}

}  // namespace

TextHash text_hash(std::string_view text) {
    const auto digest = sha256(text);
    TextHash hash{};
    std::memcpy(hash.data(), digest.data(), hash.size());
    return hash;
}

TextHash login_hash(std::string_view email_or_username) {
    std::string lower(email_or_username);
    for (auto& c : lower)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return text_hash(lower);
}

std::size_t TextHashHash::operator()(const TextHash& hash) const noexcept {
    std::size_t value = 0;
    std::memcpy(&value, hash.data(), sizeof value);
    return value;
}

MemberPair MemberPair::of(UserId one, UserId other) {
    return one < other ? MemberPair{one, other} : MemberPair{other, one};
}

std::size_t MemberPairHash::operator()(const MemberPair& pair) const noexcept {
    return std::hash<UserId>{}(pair.low) * 31 + std::hash<UserId>{}(pair.high);
}

StreamId title_stream(std::string_view folded_title) {
    return {StreamKind::title, static_cast<std::int64_t>(stable_hash(folded_title) >> 11)};
}

const Stream<Account::State>* ShardState::account(UserId id) const { return find(accounts, id.value - 1); }
const Stream<Session::State>* ShardState::session(SessionId id) const { return find(sessions, id.value - 1); }
std::span<const SessionId> ShardState::sessions_of(UserId user) const {
    const auto found = open_sessions.find(user);
    return found == open_sessions.end() ? std::span<const SessionId>() : found->second;
}
const Stream<Gathering::State>* ShardState::gathering(GatheringId id) const {
    return find(gatherings, index_of(id.value));
}
const Stream<Roster::State>* ShardState::roster(GatheringId id) const {
    return find(rosters, index_of(id.value));
}
const Stream<Conversation::State>* ShardState::conversation(ConversationId id) const {
    return find(conversations, index_of(id.value));
}
const MessagePlace* ShardState::message(MessageId id) const { return find(messages, index_of(id.value)); }
const Stream<Instrument::State>* ShardState::instrument(InstrumentId id) const {
    return find(instruments, id.value - 1);
}
const Stream<Genre::State>* ShardState::genre(GenreId id) const { return find(genres, id.value - 1); }

Position ShardState::account_position(UserId id) const {
    const auto* found = find(account_positions, id.value - 1);
    return found ? *found : 0;
}

std::int64_t ShardState::next_version(StreamId stream, const Event& event) const {
    const auto version_of = [](const auto* found) { return found ? found->version + 1 : 1; };
    switch (stream.kind) {
        case StreamKind::account:
            return version_of(account(UserId{stream.key}));
        case StreamKind::session:
            return version_of(session(SessionId{stream.key}));
        case StreamKind::gathering:
            return version_of(gathering(GatheringId{stream.key}));
        case StreamKind::roster:
            return version_of(roster(GatheringId{stream.key}));
        case StreamKind::conversation:
            return version_of(conversation(ConversationId{stream.key}));
        case StreamKind::instrument:
            return version_of(instrument(InstrumentId{stream.key}));
        case StreamKind::genre:
            return version_of(genre(GenreId{stream.key}));
        case StreamKind::check_in: {
            const auto found = check_ins.find(UserId{stream.key});
            return found == check_ins.end() ? 1 : found->second.version + 1;
        }
        case StreamKind::title: {
            const auto& title = std::visit([](const auto& e) -> const std::string& { return e.folded_title; },
                                           std::get<TitleEvent>(event));
            const auto found = titles.find(title);
            return found == titles.end() ? 1 : found->second.version + 1;
        }
    }
    throw std::logic_error("unknown stream kind");
}

void ShardState::evolve(const RecordedEvent& recorded, Position at_position) {
    applying_at_ = at_position;
    std::visit([&](const auto& event) { apply(event, recorded.stream, recorded.version); }, recorded.event);
}

void ShardState::apply(const AccountEvent& event, StreamId stream, std::int64_t version) {
    auto& account =
        version == 1 ? append(accounts, stream.key - 1, stream) : at(accounts, stream.key - 1, stream);
    evolve_stream<Account>(account, event, stream, version);
    std::visit(overloaded{
                   [&](const AccountRegistered& e) {
                       append(account_positions, e.user_id.value - 1, stream) = applying_at_;
                       emails[login_hash(e.email)] = e.user_id;
                       usernames[login_hash(e.username)] = e.user_id;
                   },
                   [](const AccountPasswordChanged&) {},
                   [](const AccountPasswordRehashed&) {},
               },
               event);
}

void ShardState::apply(const SessionEvent& event, StreamId stream, std::int64_t version) {
    auto& session =
        version == 1 ? append(sessions, stream.key - 1, stream) : at(sessions, stream.key - 1, stream);
    evolve_stream<Session>(session, event, stream, version);
    if (version == 1)
        open_sessions[session.state.user_id].push_back(session.state.session_id);
    else if (session.state.ended)
        std::erase(open_sessions[session.state.user_id], session.state.session_id);
}

void ShardState::apply(const TitleEvent& event, StreamId stream, std::int64_t version) {
    const auto& title = std::visit([](const auto& e) -> const std::string& { return e.folded_title; }, event);
    evolve_stream<Title>(titles[title], event, stream, version);
}

void ShardState::apply(const GatheringEvent& event, StreamId stream, std::int64_t version) {
    const auto index = index_of(stream.key);
    auto& gathering = version == 1 ? append(gatherings, index, stream) : at(gatherings, index, stream);
    const GatheringId id{stream.key};
    if (version > 1) gathering_ends.erase({Gathering::end_of(gathering.state.details), id});
    evolve_stream<Gathering>(gathering, event, stream, version);
    if (gathering.state.phase == Gathering::Phase::scheduled)
        gathering_ends.emplace(Gathering::end_of(gathering.state.details), id);
}

void ShardState::apply(const RosterEvent& event, StreamId stream, std::int64_t version) {
    const auto index = index_of(stream.key);
    auto& roster = version == 1 ? append(rosters, index, stream) : at(rosters, index, stream);
    evolve_stream<Roster>(roster, event, stream, version);
}

void ShardState::apply(const ConversationEvent& event, StreamId stream, std::int64_t version) {
    const auto index = index_of(stream.key);
    auto& conversation =
        version == 1 ? append(conversations, index, stream) : at(conversations, index, stream);
    evolve_stream<Conversation>(conversation, event, stream, version);
    std::visit(overloaded{
                   [&](const ConversationStarted& e) {
                       direct_conversations[MemberPair::of(e.member_ids.at(0), e.member_ids.at(1))] =
                           e.conversation_id;
                   },
                   [&](const MessageSent& e) {
                       append(messages, index_of(e.message_id.value), stream) =
                           MessagePlace{e.conversation_id, e.sequence, applying_at_};
                   },
                   [](const ReadMarkerMoved&) {},
               },
               event);
}

void ShardState::apply(const CheckInEvent& event, StreamId stream, std::int64_t version) {
    const UserId person{stream.key};
    auto& check_in = check_ins[person];
    if (check_in.state.active_id) {
        active_check_ins.erase(check_in.state.active_id);
        check_in_expiries.erase({check_in.state.expires_at, person});
    }
    evolve_stream<CheckIns>(check_in, event, stream, version);
    if (check_in.state.active_id) {
        active_check_ins[check_in.state.active_id] = person;
        check_in_expiries.emplace(check_in.state.expires_at, person);
    }
    std::visit(
        overloaded{
            [&](const CheckedIn& e) { check_in_count = sequence_of_id(e.check_in_id.value, shard_count); },
            [](const CheckedOut&) {},
            [](const CheckInExpired&) {},
        },
        event);
}

void ShardState::apply(const InstrumentEvent& event, StreamId stream, std::int64_t version) {
    evolve_entry<Instrument>(instruments, instrument_names, event, stream, version);
}

void ShardState::apply(const GenreEvent& event, StreamId stream, std::int64_t version) {
    evolve_entry<Genre>(genres, genre_names, event, stream, version);
}

void ShardState::settle(const LogEntry& entry) {
    position = entry.position;
    durable_sequence = entry.record.sequence;
    if (const auto& mark = entry.record.idempotency) {
        remembered_keys.push_back({mark->key_hash, mark->fingerprint, entry.position, entry.record.time});
        while (remembered_keys.size() > remembered_keys_max ||
               entry.record.time - remembered_keys.front().time > idempotency_window)
            remembered_keys.pop_front();
    }
    for (const auto& recorded : entry.record.events) {
        if (const auto* conversation = std::get_if<ConversationEvent>(&recorded.event)) {
            if (const auto* sent = std::get_if<MessageSent>(conversation))
                at(messages, index_of(sent->message_id.value), recorded.stream).position = entry.position;
        } else if (const auto* account = std::get_if<AccountEvent>(&recorded.event)) {
            if (const auto* registered = std::get_if<AccountRegistered>(account))
                at(account_positions, registered->user_id.value - 1, recorded.stream) = entry.position;
        }
    }
}

std::shared_ptr<LogEntry> record_events(ShardState& state, CommandOrigin origin,
                                        std::vector<StreamEvent> events, Timestamp now) {
    auto entry = std::make_shared<LogEntry>();
    auto& record = entry->record;
    record.shard = state.shard;
    record.term = state.term;
    record.sequence = state.sequence + 1;
    record.command_id = origin.command_id;
    record.actor = origin.actor;
    record.time = now;
    record.correlation_id = std::move(origin.correlation_id);
    record.causation_id = std::move(origin.causation_id);
    record.traceparent = std::move(origin.traceparent);
    record.idempotency = origin.idempotency;
    record.events.reserve(events.size());
    for (auto& [stream, event] : events) {
        const auto version = state.next_version(stream, event);
        record.events.push_back({stream, version, std::move(event)});
        state.evolve(record.events.back(), 0);
    }
    state.sequence = record.sequence;
    state.last_time = now;
    return entry;
}

void ShardState::rebuild_indexes() {
    for (const auto& [state, version] : sessions)
        if (!state.ended) open_sessions[state.user_id].push_back(state.session_id);
    for (const auto& [state, version] : conversations) {
        direct_conversations[MemberPair::of(state.first_member, state.second_member)] = state.conversation_id;
    }
    for (const auto& [state, version] : gatherings) {
        if (state.phase == Gathering::Phase::scheduled)
            gathering_ends.emplace(Gathering::end_of(state.details), state.gathering_id);
    }
    for (const auto& [person, check_in] : check_ins) {
        if (!check_in.state.active_id) continue;
        active_check_ins[check_in.state.active_id] = person;
        check_in_expiries.emplace(check_in.state.expires_at, person);
    }
    for (const auto& [state, version] : instruments)
        if (!state.retired) instrument_names[fold(state.name)] = state.id;
    for (const auto& [state, version] : genres)
        if (!state.retired) genre_names[fold(state.name)] = state.id;
}

}  // namespace dacapo
