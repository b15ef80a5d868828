#include "tests/crash/log_audit.hpp"

#include "command/idempotency.hpp"
#include "infra/log/sqlite_log.hpp"

#include <fmt/format.h>
#include <algorithm>

namespace dacapo::test {
namespace {

constexpr std::size_t page_records = 10'000;

template <class... Each>
struct Overloaded : Each... {
    using Each::operator()...;
};
template <class... Each>
Overloaded(Each...) -> Overloaded<Each...>;

std::string text_of(const std::map<int, Position>& places) {
    if (places.size() == 1) return std::to_string(places.begin()->second);
    std::string text;
    for (const auto& [shard, position] : places) text += fmt::format("{}-{} ", shard, position);
    return text;
}

std::string described(const Command& command) {
    return fmt::format("{} {} {}", command.target, command.body, command.needle);
}

}  // namespace

std::string needle_of_key_hash(const std::array<std::uint8_t, 16>& hash) {
    std::string text = "key ";
    for (const auto byte : hash) text += fmt::format("{:02x}", byte);
    return text;
}

std::string needle_of_key(UserId user, const std::string& path, const std::string& key) {
    return needle_of_key_hash(idempotency_mark(user, "POST", path, key, "").key_hash);
}

std::string needle_of_client_id(UserId sender, const std::string& client_id) {
    return fmt::format("client {} {}", sender.value, client_id);
}

void LogAudit::fault(std::string what) {
    // A ledger is checked again after each kill; what is wrong once is told once.
    if (faults_.size() < faults_kept_max && std::ranges::count(faults_, what) == 0)
        faults_.push_back(std::move(what));
}

std::string LogAudit::fault_text() const {
    std::string text;
    for (const auto& one : faults_) text += one + '\n';
    return text;
}

void LogAudit::fault(Place at, const std::string& what) {
    fault(fmt::format("position {} of shard {}: {}", at.position, at.shard, what));
}

void LogAudit::read(const std::filesystem::path& log_file) {
    const auto log = open_sqlite_log_reader(log_file);
    const auto read_to = read_to_.value_or(log->start()).at(0);
    const auto head = log->head().at(0);
    if (head < read_to)
        return fault(fmt::format("the log ended at position {} and now ends at {}", read_to, head));
    if (const auto wrong = log->verify(read_to, [](Position) { return true; }))
        fault(fmt::format("position {}: {}", wrong->position, wrong->why));
    read(*log);
}

void LogAudit::read(EventLog& log) {
    if (!read_to_) read_to_ = log.start();
    for (auto page = log.read_after(*read_to_, page_records); !page.empty();
         page = log.read_after(*read_to_, page_records)) {
        for (const auto& entry : page) take(*entry);
    }
}

void LogAudit::take(const LogEntry& entry) {
    const auto& record = entry.record;
    const Place at{record.shard, entry.position};
    const auto before = read_to_->at(at.shard);
    // On a log of many writers, positions are also those of records that count for nobody.
    const bool next = read_to_->is_one_sequence() ? at.position == before + 1 : at.position > before;
    if (!next) fault(at, fmt::format("follows {}", before));
    read_to_->advance(at.shard, at.position);
    if (record.sequence != ++sequences_[record.shard]) fault(at, fmt::format("sequence {}", record.sequence));
    auto& time = times_[record.shard];
    if (record.time < time) fault(at, "time runs backwards");
    time = record.time;
    if (!command_ids_.insert(record.command_id).second) fault(at, "a command id again");
    if (record.events.empty()) fault(at, "a record without events");
    if (record.idempotency) found(needle_of_key_hash(record.idempotency->key_hash), at);
    for (const auto& event : record.events) {
        if (event.version != ++versions_[event.stream])
            fault(at, fmt::format("version {} of {}", event.version, text_of(event.stream)));
        take_event(event, at);
    }
    for (const auto& event : record.events)
        if (event.stream.kind == StreamKind::roster) check_seats(GatheringId{event.stream.key}, at);
}

template <class AnyId>
void LogAudit::take_id(const char* kind, AnyId id, Place at) {
    if (!ids_.emplace(kind, id.value).second) fault(at, fmt::format("{} {} again", kind, id.value));
    numbers_[at].insert(id.value);
}

void LogAudit::found(const std::string& needle, Place at) {
    auto& entry = found_[needle];
    if (entry.count++ > 0)
        fault(at, fmt::format("{} again, after position {}", needle, entry.place.position));
    entry.place = at;
}

void LogAudit::take_event(const RecordedEvent& recorded, Place at) {
    if (const auto* account = std::get_if<AccountEvent>(&recorded.event)) {
        if (const auto* e = std::get_if<AccountRegistered>(account)) {
            take_id("user", e->user_id, at);
            usernames[e->user_id] = e->username;
            if (!emails_.insert(e->email).second) fault(at, fmt::format("{} registers again", e->email));
        }
    } else if (const auto* gathering = std::get_if<GatheringEvent>(&recorded.event)) {
        if (const auto* e = std::get_if<GatheringScheduled>(gathering)) {
            take_id("event", e->gathering_id, at);
            // No title is ever given up in these tests, so none may come twice.
            if (!all_titles_.insert(e->details.title).second)
                fault(at, fmt::format("title {} again", e->details.title));
            titles[e->gathering_id] = e->details.title;
        }
    } else if (const auto* roster = std::get_if<RosterEvent>(&recorded.event)) {
        take_roster(*roster, at);
    } else if (const auto* conversation = std::get_if<ConversationEvent>(&recorded.event)) {
        if (const auto* e = std::get_if<MessageSent>(conversation)) {
            take_id("message", e->message_id, at);
            sent[e->sender_id].emplace(e->sent_at, e->message_id);
            received[e->receiver_id].emplace(e->message_id, at);
            if (e->client_id) found(needle_of_client_id(e->sender_id, *e->client_id), at);
        }
    } else if (const auto* check_in = std::get_if<CheckInEvent>(&recorded.event)) {
        if (const auto* e = std::get_if<CheckedIn>(check_in)) {
            take_id("check-in", e->check_in_id, at);
            check_ins[e->user_id].insert(e->check_in_id);
        }
    }
}

void LogAudit::take_roster(const RosterEvent& event, Place at) {
    const auto leaves = [](std::vector<UserId>& list, UserId user) { return std::erase(list, user) > 0; };
    const auto enters = [&](SeatPlan& plan, std::vector<UserId>& list, UserId user) {
        if (std::ranges::count(plan.going, user) + std::ranges::count(plan.waiting, user) > 0)
            fault(at, fmt::format("user {} is in already", user.value));
        list.push_back(user);
    };
    std::visit(Overloaded{
                   [&](const RosterOpened& e) { gatherings[e.gathering_id].capacity = e.capacity; },
                   [&](const ParticipantJoined& e) {
                       auto& plan = gatherings[e.gathering_id];
                       if (!plan.waiting.empty()) fault(at, "a seat past the line");
                       enters(plan, plan.going, e.user_id);
                   },
                   [&](const WaitlistEntered& e) {
                       auto& plan = gatherings[e.gathering_id];
                       enters(plan, plan.waiting, e.user_id);
                       if (e.place != std::ssize(plan.waiting))
                           fault(at, fmt::format("place {} of {}", e.place, plan.waiting.size()));
                   },
                   [&](const SeatTaken& e) {
                       auto& plan = gatherings[e.gathering_id];
                       if (plan.waiting.empty() || plan.waiting.front() != e.user_id)
                           fault(at, "the seat is not for the first in line");
                       leaves(plan.waiting, e.user_id);
                       plan.going.push_back(e.user_id);
                   },
                   [&](const ParticipantWithdrew& e) {
                       auto& plan = gatherings[e.gathering_id];
                       if (!leaves(plan.going, e.user_id) && !leaves(plan.waiting, e.user_id))
                           fault(at, fmt::format("user {} was not in", e.user_id.value));
                   },
                   [&](const CapacitySet& e) { gatherings[e.gathering_id].capacity = e.capacity; },
                   [&](const RosterClosed&) {},
               },
               event);
    std::visit([&](const auto& e) { numbers_[at].insert(e.gathering_id.value); }, event);
}

// After each whole record: nobody without a seat, no seat without somebody while people wait.
void LogAudit::check_seats(GatheringId id, Place at) {
    const auto& plan = gatherings[id];
    if (!plan.capacity) return;
    if (std::ssize(plan.going) > *plan.capacity)
        fault(at, fmt::format("{} people on {} seats", plan.going.size(), *plan.capacity));
    if (!plan.waiting.empty() && std::ssize(plan.going) < *plan.capacity)
        fault(at, fmt::format("a seat is free and {} wait", plan.waiting.size()));
}

std::int64_t LogAudit::check(const Ledger& ledger) {
    std::int64_t lost = 0;
    for (const auto& command : ledger) {
        const auto at = found_.find(command.needle);
        const auto entry = at == found_.end() ? Found{} : at->second;
        const auto what = [&] { return described(command); };
        if (entry.count > 1) fault(fmt::format("recorded {} times: {}", entry.count, what()));
        if (command.outcome == Outcome::refused && entry.count > 0)
            fault(fmt::format("refused with {} and recorded: {}", command.status, what()));
        if (command.outcome != Outcome::acknowledged) continue;
        if (entry.count == 0) {
            ++lost;
            fault(fmt::format("acknowledged at {} and lost: {}", text_of(command.places), what()));
            continue;
        }
        check_place(command, entry);
    }
    return lost;
}

void LogAudit::check_place(const Command& command, const Found& entry) {
    const auto found = command.places.find(entry.place.shard);
    const auto told = found == command.places.end() ? 0 : found->second;
    // A message repeated under its client_id alone rests on a position at or after its own.
    const bool loosely = command.repeated && command.key.empty();
    if (loosely ? told < entry.place.position : told != entry.place.position)
        fault(fmt::format("stands at {} and not at {}: {}", entry.place.position, text_of(command.places),
                          described(command)));
    if (command.id != 0 && !numbers_[entry.place].contains(command.id))
        fault(entry.place, fmt::format("does not name {}: {}", command.id, described(command)));
}

}  // namespace dacapo::test
