#include "command/ownership.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <future>

namespace dacapo {
namespace {

constexpr std::chrono::milliseconds settle_poll{5};
// Two members that both believe in their assignment would depose each other in turns: who has been deposed
// lately waits longer and at random.
constexpr std::chrono::minutes deposed_lately{1};
constexpr std::chrono::milliseconds idle_look{500};

}  // namespace

Ownership::Ownership(SharedLog& log, Shards& shards, OwnershipOptions options)
    : log_(log), shards_(shards), options_(std::move(options)), jitter_(std::random_device{}()) {
    for (int shard = 0; shard < shards.count(); ++shard) places_[shard];
    log_.on_deposed([this](int shard) { deposed(shard); });
    shards_.on_stepped_down([this](int shard) { stepped_down(shard); });
}

void Ownership::start() {
    thread_ = std::thread([this] { run(); });
}

void Ownership::stop() {
    if (!thread_.joinable()) return;
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        for (auto& [shard, place] : places_) place.wanted = false;
    }
    changed_.notify_all();
    thread_.join();
}

void Ownership::assign(std::vector<int> shards) {
    {
        const std::lock_guard lock(mutex_);
        if (stopping_) return;
        assigned_ = true;
        for (auto& [shard, place] : places_) place.wanted = std::ranges::find(shards, shard) != shards.end();
    }
    changed_.notify_all();
}

std::vector<int> Ownership::owned() const {
    const std::lock_guard lock(mutex_);
    std::vector<int> owned;
    for (const auto& [shard, place] : places_)
        if (place.owned) owned.push_back(shard);
    return owned;
}

bool Ownership::is_settled() const {
    const std::lock_guard lock(mutex_);
    return assigned_ && std::ranges::all_of(places_, [](const auto& entry) {
               return entry.second.owned == entry.second.wanted;
           });
}

// The log's own thread tells: our records of this term count no more.
void Ownership::deposed(int shard) {
    shards_.close(shard);
    options_.on_warning(fmt::format("shard {} has been taken over by another server", shard));
    lose(shard);
}

void Ownership::stepped_down(int shard) {
    options_.on_warning(
        fmt::format("shard {} is given up: it is unknown what became of its last batch", shard));
    lose(shard);
}

void Ownership::lose(int shard) {
    {
        const std::lock_guard lock(mutex_);
        auto& place = places_[shard];
        place.owned = false;
        ++place.losses;
        const auto now = Clock::now();
        const bool again = place.deposed_at != Clock::time_point{} && now - place.deposed_at < deposed_lately;
        place.deposed_at = now;
        if (again) {
            place.pause = std::clamp(place.pause * 2, options_.retry_pause, options_.retry_pause_max);
            const auto spread = static_cast<unsigned>(place.pause.count()) + 1;
            place.not_before = now + place.pause + std::chrono::milliseconds(jitter_() % spread);
        }
    }
    changed_.notify_all();
}

// Wanted and not owned, or the other way round.
std::set<int> Ownership::due(bool wanted) const {
    std::set<int> found;
    for (const auto& [shard, place] : places_)
        if (place.wanted == wanted && place.owned != wanted && (!wanted || Clock::now() >= place.not_before))
            found.insert(shard);
    return found;
}

void Ownership::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        const auto taken = due(true);
        const auto given = due(false);
        const bool last = stopping_;
        lock.unlock();
        // Side by side: each waits for the log, not for the processor.
        std::vector<std::future<void>> work;
        for (const auto shard : given)
            work.push_back(std::async(std::launch::async, [this, shard] { give_back(shard); }));
        for (const auto shard : taken)
            work.push_back(std::async(std::launch::async, [this, shard] { take(shard); }));
        for (auto& one : work) one.get();
        lock.lock();
        if (last) return;
        if (!stopping_ && due(true).empty() && due(false).empty()) changed_.wait_for(lock, idle_look);
    }
}

void Ownership::take(int shard) {
    std::int64_t term = 0;
    int losses_before = 0;
    {
        const std::lock_guard lock(mutex_);
        losses_before = places_[shard].losses;
    }
    try {
        term = log_.take(shard);
        if (!shards_.open(shard, term, options_.follow_patience))
            throw LogInDoubt("what was written before it is not known here yet");
    } catch (const LogInDoubt& error) {
        options_.on_warning(fmt::format("shard {} could not be taken: {}", shard, error.what()));
        const std::lock_guard lock(mutex_);
        auto& place = places_[shard];
        place.pause = std::clamp(place.pause * 2, options_.retry_pause, options_.retry_pause_max);
        place.not_before = Clock::now() + place.pause;
        return;
    }
    {
        const std::lock_guard lock(mutex_);
        auto& place = places_[shard];
        if (place.losses != losses_before) return shards_.close(shard);
        place.owned = true;
        place.pause = {};
    }
    options_.announce(shard, term);
}

void Ownership::give_back(int shard) {
    shards_.close(shard);
    const auto deadline = Clock::now() + options_.drain_patience;
    while (!shards_.is_settled(shard) && Clock::now() < deadline) std::this_thread::sleep_for(settle_poll);
    shards_.keep_snapshot(shard);
    log_.give_up(shard);
    const std::lock_guard lock(mutex_);
    places_[shard].owned = false;
}

}  // namespace dacapo
