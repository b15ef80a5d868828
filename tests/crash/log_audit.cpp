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

void LogAudit::read(const std::filesystem::path& log_file) {
    const auto log = open_sqlite_log_reader(log_file);
    const auto head = log->head().at(0);
    if (head < head_)
        return fault(fmt::format("the log ended at position {} and now ends at {}", head_, head));
    if (const auto wrong = log->verify(head_, [](Position) { return true; }))
        fault(fmt::format("position {}: {}", wrong->position, wrong->why));
    for (auto page = log->read_after(head_, page_records); !page.empty();
         page = log->read_after(head_, page_records)) {
        for (const auto& entry : page) take(*entry);
    }
}

void LogAudit::take(const LogEntry& entry) {
    const auto& record = entry.record;
    const auto at = entry.position;
    if (at != head_ + 1) fault(fmt::format("position {} follows {}", at, head_));
    head_ = at;
    if (record.sequence != ++sequences_[record.shard])
        fault(fmt::format("position {}: sequence {} of shard {}", at, record.sequence, record.shard));
    auto& time = times_[record.shard];
    if (record.time < time)
        fault(fmt::format("position {}: time runs backwards in shard {}", at, record.shard));
    time = record.time;
    if (!command_ids_.insert(record.command_id).second)
        fault(fmt::format("position {}: a command id again", at));
    if (record.events.empty()) fault(fmt::format("position {}: a record without events", at));
    if (record.idempotency) found(needle_of_key_hash(record.idempotency->key_hash), at);
    for (const auto& event : record.events) {
        if (event.version != ++versions_[event.stream])
            fault(fmt::format("position {}: version {} of {}", at, event.version, text_of(event.stream)));
        take_event(event, entry);
    }
    for (const auto& event : record.events)
        if (event.stream.kind == StreamKind::roster) check_seats(GatheringId{event.stream.key}, at);
}

template <class AnyId>
void LogAudit::take_id(const char* kind, AnyId id, Position position) {
    if (!ids_.emplace(kind, id.value).second)
        fault(fmt::format("position {}: {} {} again", position, kind, id.value));
    numbers_[position].insert(id.value);
}

void LogAudit::found(const std::string& needle, Position position) {
    auto& entry = found_[needle];
    ++entry.count;
    entry.position = position;
}

void LogAudit::take_event(const RecordedEvent& recorded, const LogEntry& entry) {
    const auto at = entry.position;
    if (const auto* account = std::get_if<AccountEvent>(&recorded.event)) {
        if (const auto* e = std::get_if<AccountRegistered>(account)) {
            take_id("user", e->user_id, at);
            usernames[e->user_id] = e->username;
            if (!emails_.insert(e->email).second)
                fault(fmt::format("position {}: {} registers again", at, e->email));
        }
    } else if (const auto* gathering = std::get_if<GatheringEvent>(&recorded.event)) {
        if (const auto* e = std::get_if<GatheringScheduled>(gathering)) {
            take_id("event", e->gathering_id, at);
            // No title is ever given up in these tests, so none may come twice.
            if (!all_titles_.insert(e->details.title).second)
                fault(fmt::format("position {}: title {} again", at, e->details.title));
            titles[e->gathering_id] = e->details.title;
        }
    } else if (const auto* roster = std::get_if<RosterEvent>(&recorded.event)) {
        take_roster(*roster, at);
    } else if (const auto* conversation = std::get_if<ConversationEvent>(&recorded.event)) {
        if (const auto* e = std::get_if<MessageSent>(conversation)) {
            take_id("message", e->message_id, at);
            sent[e->sender_id].emplace(e->sent_at, e->message_id);
            if (e->client_id) found(needle_of_client_id(e->sender_id, *e->client_id), at);
        }
    } else if (const auto* check_in = std::get_if<CheckInEvent>(&recorded.event)) {
        if (const auto* e = std::get_if<CheckedIn>(check_in)) {
            take_id("check-in", e->check_in_id, at);
            check_ins[e->user_id].insert(e->check_in_id);
        }
    }
}

void LogAudit::take_roster(const RosterEvent& event, Position at) {
    const auto leaves = [](std::vector<UserId>& list, UserId user) { return std::erase(list, user) > 0; };
    const auto enters = [&](SeatPlan& plan, std::vector<UserId>& list, UserId user) {
        if (std::ranges::count(plan.going, user) + std::ranges::count(plan.waiting, user) > 0)
            fault(fmt::format("position {}: user {} is in already", at, user.value));
        list.push_back(user);
    };
    std::visit(
        Overloaded{
            [&](const RosterOpened& e) { gatherings[e.gathering_id].capacity = e.capacity; },
            [&](const ParticipantJoined& e) {
                auto& plan = gatherings[e.gathering_id];
                if (!plan.waiting.empty()) fault(fmt::format("position {}: a seat past the line", at));
                enters(plan, plan.going, e.user_id);
            },
            [&](const WaitlistEntered& e) {
                auto& plan = gatherings[e.gathering_id];
                enters(plan, plan.waiting, e.user_id);
                if (e.place != std::ssize(plan.waiting))
                    fault(fmt::format("position {}: place {} of {}", at, e.place, plan.waiting.size()));
            },
            [&](const SeatTaken& e) {
                auto& plan = gatherings[e.gathering_id];
                if (plan.waiting.empty() || plan.waiting.front() != e.user_id)
                    fault(fmt::format("position {}: the seat is not for the first in line", at));
                leaves(plan.waiting, e.user_id);
                plan.going.push_back(e.user_id);
            },
            [&](const ParticipantWithdrew& e) {
                auto& plan = gatherings[e.gathering_id];
                if (!leaves(plan.going, e.user_id) && !leaves(plan.waiting, e.user_id))
                    fault(fmt::format("position {}: user {} was not in", at, e.user_id.value));
            },
            [&](const CapacitySet& e) { gatherings[e.gathering_id].capacity = e.capacity; },
            [&](const RosterClosed&) {},
        },
        event);
    std::visit([&](const auto& e) { numbers_[at].insert(e.gathering_id.value); }, event);
}

// After each whole record: nobody without a seat, no seat without somebody while people wait.
void LogAudit::check_seats(GatheringId id, Position at) {
    const auto& plan = gatherings[id];
    if (!plan.capacity) return;
    if (std::ssize(plan.going) > *plan.capacity)
        fault(fmt::format("position {}: {} people on {} seats", at, plan.going.size(), *plan.capacity));
    if (!plan.waiting.empty() && std::ssize(plan.going) < *plan.capacity)
        fault(fmt::format("position {}: a seat is free and {} wait", at, plan.waiting.size()));
}

std::int64_t LogAudit::check(const Ledger& ledger) {
    std::int64_t lost = 0;
    for (const auto& command : ledger) {
        const auto at = found_.find(command.needle);
        const auto entry = at == found_.end() ? Found{} : at->second;
        const auto what = [&] {
            return fmt::format("{} {} {}", command.target, command.body, command.needle);
        };
        if (entry.count > 1) fault(fmt::format("recorded {} times: {}", entry.count, what()));
        if (command.outcome == Outcome::refused && entry.count > 0)
            fault(fmt::format("refused with {} and recorded: {}", command.status, what()));
        if (command.outcome != Outcome::acknowledged) continue;
        if (entry.count == 0) {
            ++lost;
            fault(fmt::format("acknowledged at position {} and lost: {}", command.position, what()));
            continue;
        }
        // A message repeated under its client_id alone rests on a position at or after its own.
        const bool loosely = command.repeated && command.key.empty();
        if (loosely ? command.position < entry.position : command.position != entry.position)
            fault(fmt::format("stands at {} and not at {}: {}", entry.position, command.position, what()));
        if (command.id != 0 && !numbers_[entry.position].contains(command.id))
            fault(fmt::format("position {} does not name {}: {}", entry.position, command.id, what()));
    }
    return lost;
}

}  // namespace dacapo::test
