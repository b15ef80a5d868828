#include "infra/kafka/own_shard.hpp"

#include <random>

namespace dacapo::kafka {
namespace {

WriterSession new_session() {
    static thread_local std::random_device device;
    return std::uniform_int_distribution<WriterSession>(1)(device);
}

}  // namespace

WriterSession OwnShard::claim() {
    const std::lock_guard lock(mutex_);
    require_unbroken();
    awaited_.clear();
    failure_.clear();
    writer_.claim(new_session());
    return writer_.session();
}

std::int64_t OwnShard::await_claim(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    while (writer_.state() == WriterState::claiming && failure_.empty() && broken_.empty()) {
        // A long log is read for as long as it takes, but not while nothing comes.
        const auto progress_before = progress_;
        if (moved_.wait_for(lock, patience) == std::cv_status::timeout && progress_ == progress_before)
            failure_ = "our barrier was not read back in time";
    }
    require_unbroken();
    if (writer_.state() == WriterState::owning) return writer_.sent().term;
    doubt(failure_.empty() ? "another process took the shard" : failure_);
}

OwnShard::Sending OwnShard::begin(std::span<const PendingRecord> batch) {
    const std::lock_guard lock(mutex_);
    require_unbroken();
    if (!failure_.empty()) doubt(failure_);
    before_ = writer_.sent();
    hash_before_ = hash_;
    Sending sending{writer_.session(), {}};
    sending.records.reserve(batch.size());
    for (const auto& [entry, payload] : batch) {
        const RecordMark mark{entry->record.term, entry->record.sequence};
        if (!writer_.may_send(mark)) doubt("this process does not write the shard on this term");
        writer_.sent(mark);
        hash_ = hasher_.next(hash_, payload);
        sending.records.push_back({mark, hash_, payload});
        awaited_.push_back({entry, hash_});
    }
    return sending;
}

void OwnShard::withdraw() {
    const std::lock_guard lock(mutex_);
    awaited_.clear();
    writer_.sent(before_);
    hash_ = hash_before_;
}

void OwnShard::await_batch(Clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    const auto last = writer_.sent();
    const auto settled = [&] {
        return writer_.may_acknowledge(last) || writer_.state() == WriterState::deposed ||
               !failure_.empty() || !broken_.empty();
    };
    moved_.wait_until(lock, deadline, settled);
    if (writer_.may_acknowledge(last)) return;
    require_unbroken();
    if (!failure_.empty()) doubt(failure_);
    doubt(settled() ? "another process took the shard" : "the batch was not read back in time");
}

void OwnShard::give_up() {
    const std::lock_guard lock(mutex_);
    writer_.give_up();
}

LogEntryPtr OwnShard::take_own(const RecordMessage& record, Position position) {
    const std::lock_guard lock(mutex_);
    if (awaited_.empty()) return nullptr;
    const auto& [entry, hash] = awaited_.front();
    if (hash != record.hash) return nullptr;
    auto own = entry;
    awaited_.pop_front();
    own->position = position;
    return own;
}

void OwnShard::saw_valid(RecordMark mark) {
    {
        const std::lock_guard lock(mutex_);
        writer_.saw_valid(mark);
        ++progress_;
    }
    moved_.notify_all();
}

bool OwnShard::saw_barrier(WriterSession session, Position position, const RecordMessage& newest) {
    bool deposed = false;
    {
        const std::lock_guard lock(mutex_);
        const bool claiming = writer_.state() == WriterState::claiming;
        deposed = writer_.saw_barrier(session, position, newest.mark.sequence);
        if (claiming && writer_.state() == WriterState::owning) hash_ = newest.hash;
        // Also who gave up meanwhile, with a batch on its way, need not wait for it any longer.
        else if (!claiming && !awaited_.empty())
            failure_ = "another process took the shard";
        ++progress_;
    }
    moved_.notify_all();
    return deposed;
}

void OwnShard::saw_progress() {
    {
        const std::lock_guard lock(mutex_);
        ++progress_;
    }
    moved_.notify_all();
}

void OwnShard::fail(WriterSession session, const std::string& why) {
    {
        const std::lock_guard lock(mutex_);
        if (session != writer_.session() || writer_.state() == WriterState::deposed) return;
        failure_ = "a record was perhaps not stored: " + why;
    }
    moved_.notify_all();
}

void OwnShard::break_off(const std::string& why) {
    {
        const std::lock_guard lock(mutex_);
        broken_ = why;
    }
    moved_.notify_all();
}

void OwnShard::require_unbroken() const {
    if (!broken_.empty()) throw LogBroken(broken_);
}

// Only a new claim, and what is read until then, tells what became of what was sent.
void OwnShard::doubt(const std::string& why) {
    writer_.give_up();
    awaited_.clear();
    throw LogInDoubt(why);
}

}  // namespace dacapo::kafka
