#include "command/group_commit.hpp"

#include "command/snapshot.hpp"

#include <algorithm>

namespace dacapo {
namespace {

// A build for the crash test answers before it writes, to show that the test catches it. Never set in the
// program.
#ifdef DACAPO_FAULT_ANSWER_BEFORE_WRITE
constexpr bool answer_before_write = true;
#else
constexpr bool answer_before_write = false;
#endif

constexpr std::chrono::milliseconds room_check_interval{500};
constexpr std::chrono::milliseconds rebuild_pause{500};

}  // namespace

GroupCommit::GroupCommit(EventLog& log, std::vector<Shard*> shards, GroupCommitHooks hooks,
                         std::size_t snapshot_every_records, std::chrono::milliseconds gather)
    : log_(log),
      shards_(std::move(shards)),
      hooks_(std::move(hooks)),
      snapshot_every_records_(snapshot_every_records),
      gather_(gather) {}

GroupCommit::~GroupCommit() { stop(); }

void GroupCommit::start() {
    thread_ = std::thread([this] { run(); });
}

void GroupCommit::stop() {
    if (!thread_.joinable()) return;
    stopping_ = true;
    wake();
    thread_.join();
}

void GroupCommit::wake() {
    // Only the first command of a batch pays for the wake.
    if (work_.exchange(true, std::memory_order_acq_rel)) return;
    work_.notify_one();
}

void GroupCommit::request_snapshots() {
    snapshots_requested_ = true;
    wake();
}

void GroupCommit::run() {
    for (;;) {
        if (!full_) work_.wait(false, std::memory_order_acquire);
        if (full_) await_room();
        // Who is alone is never kept waiting.
        if (several_wait_ && gather_.count() > 0 && !stopping_) std::this_thread::sleep_for(gather_);
        // An exchange and not a store: when it comes after somebody's wake() it also sees why they woke us.
        work_.exchange(false, std::memory_order_acq_rel);
        const bool last = stopping_;
        if (snapshots_requested_.exchange(false)) note_snapshots_due(snapshot_every_records_);
        do {
            auto batch = gather();
            write(batch);
        } while (last && !snapshots_due_.empty());
        if (last) return;
        if (!snapshots_due_.empty()) wake();
    }
}

GroupCommit::Batch GroupCommit::gather() {
    Batch batch;
    for (auto* const shard : shards_) {
        const std::lock_guard lock(shard->mutex_);
        if (!shard->pending_.empty()) {
            batch.shards.push_back(shard->index_);
            std::move(shard->pending_.begin(), shard->pending_.end(), std::back_inserter(batch.records));
            shard->pending_.clear();
        }
        std::move(shard->waiting_.begin(), shard->waiting_.end(), std::back_inserter(batch.waiting));
        shard->waiting_.clear();
        // Right now the state rests on this batch and what came before, so once the batch is durable so is
        // this.
        if (!snapshots_due_.empty() && snapshots_due_.back() == shard->index_ &&
            shard->stage_ == Shard::Stage::open) {
            batch.snapshot_of = shard->index_;
            // Nothing of this shard is missing up to the head, so a restart need not read from its last
            // record.
            shard->state_.position = log_.head().at(shard->index_);
            batch.snapshot_position = shard->state_.position;
            batch.snapshot = encode_snapshot(shard->state_);
        }
    }
    if (!snapshots_due_.empty()) snapshots_due_.pop_back();
    several_wait_ = batch.waiting.size() > 1;
    return batch;
}

void GroupCommit::write(Batch& batch) {
    if constexpr (answer_before_write) complete(batch.waiting, CommitResult::durable);
    if (!batch.records.empty()) {
        const auto began = std::chrono::steady_clock::now();
        try {
            log_.append(batch.records);
        } catch (const LogWriteFailed& failure) {
            hooks_.on_failure(failure.what());
            return roll_back(batch, failure.disk_full);
        } catch (const LogInDoubt& doubt) {
            hooks_.on_failure(doubt.what());
            return step_down(batch);
        } catch (const std::exception& broken) {
            hooks_.on_broken(broken.what());
            return complete(batch.waiting, CommitResult::failed);
        }
        hooks_.on_batch(batch.records.size(), std::chrono::steady_clock::now() - began);
        settle(batch);
    }
    complete(batch.waiting, CommitResult::durable);
    if (batch.snapshot_of >= 0)
        hooks_.on_snapshot(batch.snapshot_of, batch.snapshot_position, std::move(batch.snapshot));
    note_snapshots_due(batch.records.size());
}

void GroupCommit::settle(const Batch& batch) {
    std::vector<LogEntryPtr> entries;
    entries.reserve(batch.records.size());
    for (const auto& pending : batch.records) entries.push_back(pending.entry);
    for (std::size_t i = 0; i < entries.size();) {
        // A shard's records stand together.
        auto& shard = shard_of(entries[i]->record.shard);
        const std::lock_guard lock(shard.mutex_);
        for (; i < entries.size() && entries[i]->record.shard == shard.index_; ++i) {
            shard.state_.settle(*entries[i]);
            --shard.not_durable_;
        }
    }
    hooks_.on_durable(entries);
}

Shard& GroupCommit::shard_of(int index) const {
    return **std::ranges::find(shards_, index, [](const Shard* shard) { return shard->index_; });
}

// Takes every shard with records in the failed batch, or decided since on top of them, out of service: its
// state must be read again.
std::vector<int> GroupCommit::abandon(Batch& batch, Shard::Stage stage) {
    std::vector<int> affected;
    for (auto* const shard : shards_) {
        const std::lock_guard lock(shard->mutex_);
        if (stage == Shard::Stage::full) shard->stage_ = stage;
        if (shard->not_durable_ == 0) continue;
        affected.push_back(shard->index_);
        shard->stage_ = stage;
        shard->not_durable_ = 0;
        shard->pending_.clear();
        std::move(shard->waiting_.begin(), shard->waiting_.end(), std::back_inserter(batch.waiting));
        shard->waiting_.clear();
    }
    return affected;
}

// Nothing of the batch was written: back to what is durable, and on.
void GroupCommit::roll_back(Batch& batch, bool disk_full) {
    const auto affected = abandon(batch, disk_full ? Shard::Stage::full : Shard::Stage::loading);
    try {
        hooks_.rebuild(affected);
    } catch (const std::exception& unreadable) {
        hooks_.on_broken(unreadable.what());
        return complete(batch.waiting, CommitResult::failed);
    }
    full_ = disk_full;
    if (!disk_full) open(affected);
    complete(batch.waiting, disk_full ? CommitResult::disk_full : CommitResult::failed);
}

// Some of the batch may be durable, and the shard may be another process's by now. Nobody decides on it here
// until it has been taken anew.
void GroupCommit::step_down(Batch& batch) {
    const auto affected = abandon(batch, Shard::Stage::loading);
    complete(batch.waiting, CommitResult::failed);
    for (bool rebuilt = false; !rebuilt;) {
        try {
            hooks_.rebuild(affected);
            rebuilt = true;
        } catch (const LogInDoubt& unanswered) {
            // The log is away, as it was for the batch: until it is back these shards decide nothing.
            hooks_.on_failure(unanswered.what());
            if (stopping_) return;
            std::this_thread::sleep_for(rebuild_pause);
        } catch (const std::exception& unreadable) {
            return hooks_.on_broken(unreadable.what());
        }
    }
    for (const auto shard : affected) hooks_.on_stepped_down(shard);
}

void GroupCommit::await_room() {
    while (!stopping_ && !hooks_.has_room()) std::this_thread::sleep_for(room_check_interval);
    full_ = false;
    std::vector<int> all;
    for (const auto* const shard : shards_) all.push_back(shard->index_);
    open(all);
}

void GroupCommit::open(const std::vector<int>& shards) {
    for (const auto index : shards) {
        auto& shard = shard_of(index);
        const std::lock_guard lock(shard.mutex_);
        shard.stage_ = Shard::Stage::open;
    }
}

void GroupCommit::complete(std::vector<Shard::Waiting>& waiting, CommitResult result) {
    Completion::Wakeups wakeups;
    for (auto& one : waiting) Completion::complete(std::move(one.completion), result, wakeups);
    waiting.clear();
    wakeups.send();
}

void GroupCommit::note_snapshots_due(std::size_t written) {
    written_since_snapshots_ += written;
    if (written_since_snapshots_ < snapshot_every_records_ || !snapshots_due_.empty()) return;
    written_since_snapshots_ = 0;
    for (auto shard = shards_.rbegin(); shard != shards_.rend(); ++shard)
        snapshots_due_.push_back((*shard)->index_);
}

}  // namespace dacapo
