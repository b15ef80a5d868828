#include "command/shards.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cstdlib>

namespace dacapo {
namespace {

constexpr std::size_t replay_page_records = 10'000;

// A record in a state that may have it already: a snapshot is taken a moment before its newest records are
// durable, so what it lacks of those is only what settle() adds.
void take_in(ShardState& state, const LogEntry& entry) {
    const auto& record = entry.record;
    if (entry.position <= state.position) return;
    if (record.sequence != state.durable_sequence + 1)
        throw LogRefused(fmt::format("position {}: shard {} goes from sequence {} to {}", entry.position,
                                     record.shard, state.durable_sequence, record.sequence));
    if (record.sequence > state.sequence) {
        try {
            for (const auto& event : record.events) state.evolve(event, entry.position);
        } catch (const std::logic_error& error) {
            throw LogRefused(fmt::format("position {}: {}", entry.position, error.what()));
        }
        state.sequence = record.sequence;
        state.last_time = record.time;
    }
    state.settle(entry);
}

ShardState fresh_state(int shard, int shard_count) {
    ShardState state;
    state.shard = shard;
    state.shard_count = shard_count;
    return state;
}

ShardsOptions completed(ShardsOptions options) {
    if (!options.on_replay) options.on_replay = [](Position, Position) {};
    if (!options.on_warning) options.on_warning = [](const std::string&) {};
    if (!options.on_batch) options.on_batch = [](std::size_t, std::chrono::nanoseconds) {};
    // Nothing may be acknowledged after a failed sync, whoever forgot to say what then.
    if (!options.on_broken) options.on_broken = [](const std::string&) { std::abort(); };
    return options;
}

}  // namespace

Shards::Shards(EventLog& log, const Clock& clock, ShardsOptions options)
    : log_(log), options_(completed(std::move(options))), snapshots_(options_.snapshot_folder, log.epoch()) {
    const auto wake = [this] { commit_->wake(); };
    for (int i = 0; i < log.shard_count(); ++i)
        shards_.push_back(std::make_unique<Shard>(i, log.shard_count(), clock, wake));

    GroupCommitHooks hooks;
    hooks.on_durable = [this](std::span<const LogEntryPtr> entries) {
        for (const auto& entry : entries) {
            directory_.fold(*entry);
            sessions_.fold(*entry);
        }
    };
    hooks.rebuild = [this](const std::vector<int>& affected) { rebuild(affected); };
    hooks.has_room = [this] { return has_room(); };
    hooks.on_broken = options_.on_broken;
    hooks.on_failure = options_.on_warning;
    hooks.on_batch = options_.on_batch;
    hooks.on_snapshot = [this](int shard, const std::string& bytes) {
        try {
            snapshots_.save(shard, bytes);
        } catch (const std::exception& error) {
            options_.on_warning(error.what());  // The older snapshot still serves.
        }
    };
    commit_ = std::make_unique<GroupCommit>(log_, shards_, std::move(hooks), options_.snapshot_every_records);
}

Shards::~Shards() { commit_->stop(); }

void Shards::load() {
    auto states = read_states();
    adopt(states);
}

// What the log holds, by way of the snapshots.
std::vector<ShardState> Shards::read_states() {
    std::vector<ShardState> states(shards_.size());
    replay(states, load_snapshots(states));
    // A snapshot holds the batch that was being written when it was taken. A log restored from an older copy
    // may end before that: what it never held must not live on in memory.
    bool again = false;
    for (auto& state : states) {
        if (state.durable_sequence == state.sequence) continue;
        discard_snapshot(state, "it is ahead of the log");
        again = true;
    }
    if (again) replay(states, 0);
    return states;
}

void Shards::discard_snapshot(ShardState& state, const std::string& why) {
    options_.on_warning(fmt::format("the snapshot of shard {} is not used: {}", state.shard, why));
    snapshots_.discard(state.shard);
    state = fresh_state(state.shard, count());
}

// Gives each state what its snapshot holds and answers from where the log must be read.
Position Shards::load_snapshots(std::vector<ShardState>& states) {
    Position from = log_.head();
    for (int i = 0; i < count(); ++i) {
        auto& state = states[static_cast<std::size_t>(i)];
        state = fresh_state(i, count());
        std::string why;
        try {
            if (const auto bytes = snapshots_.load(i, why)) decode_snapshot(*bytes, state);
            if (state.position > log_.head()) why = "it is ahead of the log";
        } catch (const std::exception& error) {
            why = error.what();
        }
        if (!why.empty()) discard_snapshot(state, why);
        from = std::min(from, state.position);
    }
    return from;
}

void Shards::replay(std::vector<ShardState>& states, Position from) {
    const auto head = log_.head();
    for (auto page = log_.read_after(from, replay_page_records); !page.empty();
         page = log_.read_after(from, replay_page_records)) {
        for (const auto& entry : page) {
            const auto shard = entry->record.shard;
            if (shard < 0 || shard >= count())
                throw LogRefused(fmt::format("position {}: there is no shard {}", entry->position, shard));
            take_in(states[static_cast<std::size_t>(shard)], *entry);
        }
        from = page.back()->position;
        options_.on_replay(from, head);
    }
    // Nothing of any shard is missing up to here.
    for (auto& state : states) state.position = std::max(state.position, from);
}

void Shards::adopt(std::vector<ShardState>& states) {
    for (const auto& state : states) {
        for (const auto& [account, version] : state.accounts) directory_.add_user(account.user_id);
        for (const auto& [gathering, version] : state.gatherings)
            if (gathering.phase != Gathering::Phase::deleted)
                directory_.add_gathering(gathering.gathering_id);
        for (const auto& [session, version] : state.sessions)
            session.ended ? sessions_.end(session.session_id) : sessions_.open(session.session_id);
        for (const auto& key : state.remembered_keys) idempotency_.remember(key);
    }
    for (std::size_t i = 0; i < states.size(); ++i) {
        const std::lock_guard lock(shards_[i]->mutex_);
        shards_[i]->state_ = std::move(states[i]);
        shards_[i]->stage_ = Shard::Stage::open;
    }
}

void Shards::rebuild(const std::vector<int>& affected) {
    auto states = read_states();
    for (const auto i : affected) {
        auto& shard = at(i);
        const std::lock_guard lock(shard.mutex_);
        auto throttle = std::move(shard.state_.throttle);  // It rests on no record.
        shard.state_ = std::move(states[static_cast<std::size_t>(i)]);
        shard.state_.throttle = std::move(throttle);
    }
}

bool Shards::has_room() const {
    std::error_code error;
    const auto space = std::filesystem::space(options_.log_folder, error);
    return !error && space.available >= options_.room_bytes_min;
}

void Shards::start() { commit_->start(); }

void Shards::stop() {
    commit_->request_snapshots();
    commit_->stop();
}

bool Shards::user_exists(UserId id) {
    if (directory_.knows_user(id)) return true;
    return accounts().peek([&](const ShardState& state) { return state.account(id) != nullptr; });
}

bool Shards::gathering_exists(GatheringId id) {
    if (directory_.knows_gathering(id)) return true;
    return of_id(id.value).peek([&](const ShardState& state) {
        const auto* gathering = state.gathering(id);
        return gathering && gathering->state.phase != Gathering::Phase::deleted;
    });
}

}  // namespace dacapo
