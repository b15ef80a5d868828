// An event log in memory whose writes a test can hold up and make fail, for tests of those who write to it.
// Records are kept as their text and read back through the codec, as from a disk.
#pragma once

#include "events/codec.hpp"
#include "infra/log/event_log.hpp"

#include <algorithm>
#include <condition_variable>
#include <limits>
#include <mutex>
#include <stdexcept>
#include <utility>

namespace dacapo::testing {

class ControlledLog final : public EventLog {
public:
    enum class Failure { none, write, disk_full, sync };
    static constexpr std::chrono::seconds patience{20};

    explicit ControlledLog(int shard_count = 16, std::string epoch = "00000000000000cc")
        : shard_count_(shard_count), epoch_(std::move(epoch)) {}

    // From now on append() blocks; release() lets go what waits and what follows.
    void hold() {
        const std::lock_guard lock(mutex_);
        held_ = true;
    }
    void release() {
        const std::lock_guard lock(mutex_);
        held_ = false;
        moved_.notify_all();
    }
    // Until so many appends have been begun in all.
    void wait_for_append(int count) {
        std::unique_lock lock(mutex_);
        if (!moved_.wait_for(lock, patience, [&] { return begun_ >= count; }))
            throw std::runtime_error("nothing was appended");
    }
    int appends_begun() const {
        const std::lock_guard lock(mutex_);
        return begun_;
    }
    std::size_t records_read() const {
        const std::lock_guard lock(mutex_);
        return records_read_;
    }
    // So many appends fail like this, or every one until it is set to none.
    void fail_with(Failure failure, int count = std::numeric_limits<int>::max()) {
        const std::lock_guard lock(mutex_);
        failure_ = failure;
        failures_left_ = count;
    }
    // As a log restored from an older copy.
    void truncate(Position position) {
        const std::lock_guard lock(mutex_);
        payloads_.resize(static_cast<std::size_t>(position));
    }

    int shard_count() const override { return shard_count_; }
    const std::string& epoch() const override { return epoch_; }
    Frontier head() const override {
        const std::lock_guard lock(mutex_);
        return std::ssize(payloads_);
    }
    void append(std::span<PendingRecord> batch) override {
        std::unique_lock lock(mutex_);
        ++begun_;
        moved_.notify_all();
        moved_.wait(lock, [&] { return !held_; });
        if (failures_left_ > 0)
            --failures_left_;
        else
            failure_ = Failure::none;
        if (failure_ == Failure::sync) throw LogBroken("sync failed");
        if (failure_ != Failure::none) throw LogWriteFailed("write failed", failure_ == Failure::disk_full);
        for (auto& pending : batch) {
            payloads_.push_back(pending.payload);
            pending.entry->position = std::ssize(payloads_);
        }
    }
    std::vector<LogEntryPtr> read_after(const Frontier& after, std::size_t count_max) override {
        const std::lock_guard lock(mutex_);
        std::vector<LogEntryPtr> page;
        for (auto at = after.at(0);
             at < std::ssize(payloads_) && page.size() < std::min<std::size_t>(count_max, 10'000); ++at) {
            auto entry = std::make_shared<LogEntry>();
            entry->position = at + 1;
            entry->record = decode(payloads_[static_cast<std::size_t>(at)]);
            page.push_back(std::move(entry));
            ++records_read_;
        }
        return page;
    }
    LogEntryPtr read_at(int, Position position) override {
        auto page = read_after(position - 1, 1);
        return page.empty() ? nullptr : page.front();
    }
    bool wait_past(const Frontier&, std::chrono::milliseconds) override {
        throw std::logic_error("nobody follows this log");
    }
    void wake() override {}

private:
    const int shard_count_;
    const std::string epoch_;
    mutable std::mutex mutex_;
    std::condition_variable moved_;
    std::vector<std::string> payloads_;
    bool held_ = false;
    int begun_ = 0;
    std::size_t records_read_ = 0;
    Failure failure_ = Failure::none;
    int failures_left_ = 0;
};

}  // namespace dacapo::testing
