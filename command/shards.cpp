#include "command/shards.hpp"

#include "command/snapshot.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cstdlib>

namespace dacapo {
namespace {

constexpr std::size_t replay_page_records = 10'000;
constexpr std::chrono::milliseconds follow_wait{500};
// A snapshot of another server may rest on records that this one is about to read.
constexpr std::chrono::milliseconds snapshot_wait{1000};

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

// Waits for a log that is a little behind what somebody else has found durable in it.
bool reaches(EventLog& log, int shard, Position position, std::chrono::steady_clock::time_point deadline) {
    for (auto head = log.head(); !head.covers(shard, position); head = log.head()) {
        const auto left = deadline - std::chrono::steady_clock::now();
        if (left <= left.zero()) return false;
        log.wait_past(head, std::chrono::ceil<std::chrono::milliseconds>(left));
    }
    return true;
}

ShardsOptions completed(ShardsOptions options) {
    if (!options.on_replay) options.on_replay = [](std::int64_t, std::int64_t) {};
    if (!options.on_warning) options.on_warning = [](const std::string&) {};
    if (!options.on_batch) options.on_batch = [](std::size_t, std::chrono::nanoseconds) {};
    // Nothing may be acknowledged after a failed sync, whoever forgot to say what then.
    if (!options.on_broken) options.on_broken = [](const std::string&) { std::abort(); };
    return options;
}

}  // namespace

Shards::Shards(EventLog& log, const Clock& clock, ShardsOptions options)
    : Shards(log, nullptr, clock, std::move(options)) {}

Shards::Shards(SharedLog& log, const Clock& clock, ShardsOptions options)
    : Shards(log, &log, clock, std::move(options)) {}

Shards::Shards(EventLog& log, SharedLog* shared, const Clock& clock, ShardsOptions options)
    : log_(log), options_(completed(std::move(options))), shared_(shared), followed_to_(log.start()) {
    const auto commit_of = [this](int shard) {
        return commits_[commits_.size() == 1 ? 0 : static_cast<std::size_t>(shard)].get();
    };
    std::vector<Shard*> all;
    for (int i = 0; i < log.shard_count(); ++i) {
        const auto wake = [commit_of, i] { commit_of(i)->wake(); };
        shards_.push_back(std::make_unique<Shard>(i, log.shard_count(), clock, wake));
        all.push_back(shards_.back().get());
    }
    const auto every = options_.snapshot_every_records;
    if (!shared_) {
        commits_.push_back(std::make_unique<GroupCommit>(log_, all, commit_hooks(), every, options_.gather));
        return;
    }
    for (auto* const shard : all)
        commits_.push_back(std::make_unique<GroupCommit>(log_, std::vector{shard}, commit_hooks(),
                                                         every / shards_.size() + 1, options_.gather));
}

GroupCommitHooks Shards::commit_hooks() {
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
    hooks.on_stepped_down = [this](int shard) { stepped_down_(shard); };
    hooks.on_snapshot = [this](int shard, Position position, std::string bytes) {
        save_snapshot(shard, position, std::move(bytes));
    };
    return hooks;
}

Shards::~Shards() { stop_threads(); }

void Shards::load(std::vector<ShardState> snapshots) {
    auto states = snapshots.empty() ? load_snapshots(all_shards()) : std::move(snapshots);
    complete(states, all_shards());
    adopt(states);
}

std::vector<int> Shards::all_shards() const {
    std::vector<int> all;
    for (int i = 0; i < count(); ++i) all.push_back(i);
    return all;
}

std::vector<ShardState> Shards::load_snapshots(const std::vector<int>& of) {
    return states_of_snapshots(*options_.snapshots, of, count(), [this](int shard, const std::string& why) {
        options_.on_warning(fmt::format("the snapshot of shard {} is not used: {}", shard, why));
    });
}

void Shards::save_snapshot(int shard, Position position, std::string bytes) {
    try {
        options_.snapshots->save(shard, position, std::move(bytes));
    } catch (const std::exception& error) {
        options_.on_warning(error.what());  // The older snapshot still serves.
    }
}

void Shards::discard_snapshot(ShardState& state, const std::string& why) {
    options_.on_warning(fmt::format("the snapshot of shard {} is not used: {}", state.shard, why));
    options_.snapshots->discard(state.shard);
    state = fresh_state(state.shard, count());
}

// Gives the states of these shards, which are those of their snapshots, what the log has since.
void Shards::complete(std::vector<ShardState>& states, const std::vector<int>& of) {
    const auto deadline =
        std::chrono::steady_clock::now() + (shared_ ? snapshot_wait : std::chrono::milliseconds(0));
    for (const auto shard : of) {
        auto& state = states[static_cast<std::size_t>(shard)];
        if (!reaches(log_, shard, state.position, deadline))
            discard_snapshot(state, "it is ahead of the log");
    }
    replay(states, of);
    // A snapshot holds the batch that was being written when it was taken. A log restored from an older copy
    // may end before that: what it never held must not live on in memory.
    std::vector<int> again;
    for (const auto shard : of) {
        auto& state = states[static_cast<std::size_t>(shard)];
        if (state.durable_sequence == state.sequence) continue;
        discard_snapshot(state, "it is ahead of the log");
        again.push_back(shard);
    }
    if (!again.empty()) replay(states, log_.start().is_one_sequence() ? of : again);
}

// Of a single sequence, all shards are read from the oldest state on; else these alone, each from its own.
void Shards::replay(std::vector<ShardState>& states, const std::vector<int>& of) {
    const auto head = log_.head();
    auto from = log_.start();
    if (from.is_one_sequence()) {
        auto oldest = head.at(0);
        for (const auto& state : states) oldest = std::min(oldest, state.position);
        from = Frontier(oldest);
    } else {
        for (const auto& state : states)
            from.advance(state.shard, std::ranges::find(of, state.shard) == of.end() ? position_unreachable
                                                                                     : state.position);
    }
    for (auto page = log_.read_after(from, replay_page_records); !page.empty();
         page = log_.read_after(from, replay_page_records)) {
        for (const auto& entry : page) {
            const auto shard = entry->record.shard;
            if (shard < 0 || shard >= count())
                throw LogRefused(fmt::format("position {}: there is no shard {}", entry->position, shard));
            take_in(states[static_cast<std::size_t>(shard)], *entry);
        }
        advance_over(from, page);
        options_.on_replay(head.total() - from.missing_of(head), head.total());
    }
    // Nothing of these shards is missing up to here.
    for (const auto shard : of) {
        auto& state = states[static_cast<std::size_t>(shard)];
        state.position = std::max(state.position, from.at(shard));
    }
}

// Tells those who answer for all shards what this one knows.
void Shards::announce(const ShardState& state) {
    for (const auto& [account, version] : state.accounts) directory_.add_user(account.user_id);
    for (const auto& [gathering, version] : state.gatherings)
        if (gathering.phase != Gathering::Phase::deleted) directory_.add_gathering(gathering.gathering_id);
    for (const auto& [session, version] : state.sessions)
        session.ended ? sessions_.end(session.session_id) : sessions_.open(session.session_id);
    for (const auto& key : state.remembered_keys) idempotency_.remember(state.shard, key);
}

void Shards::adopt(std::vector<ShardState>& states) {
    for (const auto& state : states) {
        announce(state);
        followed_to_.advance(state.shard, state.position);
    }
    for (std::size_t i = 0; i < states.size(); ++i) {
        const std::lock_guard lock(shards_[i]->mutex_);
        shards_[i]->state_ = std::move(states[i]);
        shards_[i]->stage_ = shared_ ? Shard::Stage::elsewhere : Shard::Stage::open;
    }
}

void Shards::rebuild(const std::vector<int>& affected) {
    // The state of the others follows from the log as it is; on the embedded log it is read with theirs.
    const auto read = shared_ ? affected : all_shards();
    // Before the lock: a database may take its time.
    auto states = load_snapshots(read);
    const std::lock_guard following(follow_mutex_);
    complete(states, read);
    for (const auto i : affected) {
        auto& state = states[static_cast<std::size_t>(i)];
        // What became durable after all was folded by nobody: it was decided here, and its batch was in
        // doubt.
        if (shared_) announce(state);
        auto& shard = at(i);
        const std::lock_guard lock(shard.mutex_);
        shard.state_ = std::move(state);
        if (!shared_) continue;
        shard.own_term_ = 0;
        shard.stage_ = Shard::Stage::elsewhere;
    }
}

// The thread that takes in what other processes write to a shared log.
void Shards::follow() {
    while (!stopping_) {
        Frontier from;
        {
            const std::lock_guard lock(follow_mutex_);
            from = followed_to_;
        }
        try {
            if (!log_.wait_past(from, follow_wait)) continue;
            const auto page = log_.read_after(from, replay_page_records);
            const std::lock_guard lock(follow_mutex_);
            for (const auto& entry : page) take_in_foreign(entry);
            advance_over(followed_to_, page);
        } catch (const LogInDoubt&) {
            continue;  // The log does not answer at the moment; nothing has been taken in.
        } catch (const std::exception& error) {
            // Deciding on a state that does not follow from the log would be worse than not deciding.
            return options_.on_broken(error.what());
        }
        followed_.notify_all();
    }
}

void Shards::take_in_foreign(const LogEntryPtr& entry) {
    const auto& record = entry->record;
    auto& shard = at(record.shard);
    {
        const std::lock_guard lock(shard.mutex_);
        if (shard.own_term_ == record.term) return;  // Decided here: its committing thread settles it.
        if (shard.stage_ != Shard::Stage::loading) take_in(shard.state_, *entry);  // else rebuild() reads it
    }
    directory_.fold(*entry);
    sessions_.fold(*entry);
    if (record.idempotency)
        idempotency_.finish(*record.idempotency, record.shard, entry->position, record.time);
}

bool Shards::open(int shard, std::int64_t term, std::chrono::milliseconds patience) {
    const auto written = log_.head().at(shard);
    std::unique_lock following(follow_mutex_);
    if (!followed_.wait_for(following, patience, [&] { return followed_to_.covers(shard, written); }))
        return false;
    auto& opened = at(shard);
    const std::lock_guard lock(opened.mutex_);
    if (opened.stage_ != Shard::Stage::elsewhere) return false;
    opened.state_.term = term;
    opened.own_term_ = term;
    opened.stage_ = Shard::Stage::open;
    return true;
}

void Shards::close(int shard) {
    auto& closed = at(shard);
    const std::lock_guard lock(closed.mutex_);
    if (closed.stage_ == Shard::Stage::open) closed.stage_ = Shard::Stage::elsewhere;
}

bool Shards::is_settled(int shard) {
    auto& asked = at(shard);
    const std::lock_guard lock(asked.mutex_);
    return asked.not_durable_ == 0;
}

void Shards::keep_snapshot(int shard) {
    Position position = 0;
    std::string bytes;
    {
        auto& kept = at(shard);
        const std::lock_guard lock(kept.mutex_);
        if (kept.stage_ != Shard::Stage::elsewhere || kept.not_durable_ > 0) return;
        position = kept.state_.position;
        bytes = encode_snapshot(kept.state_);
    }
    if (position > 0) save_snapshot(shard, position, std::move(bytes));
}

bool Shards::has_room() const {
    std::error_code error;
    const auto space = std::filesystem::space(options_.log_folder, error);
    return !error && space.available >= options_.room_bytes_min;
}

void Shards::start() {
    for (const auto& commit : commits_) commit->start();
    if (shared_) follower_ = std::thread([this] { follow(); });
}

void Shards::stop() {
    for (const auto& commit : commits_) commit->request_snapshots();
    stop_threads();
}

void Shards::stop_threads() {
    for (const auto& commit : commits_) commit->stop();
    stopping_ = true;
    if (!follower_.joinable()) return;
    log_.wake();
    follower_.join();
}

namespace {

bool knows_user(const Shard& accounts, UserId id) {
    return accounts.peek([&](const ShardState& state) { return state.account(id) != nullptr; });
}

bool knows_gathering(const Shard& shard, GatheringId id) {
    return shard.peek([&](const ShardState& state) {
        const auto* gathering = state.gathering(id);
        return gathering && gathering->state.phase != Gathering::Phase::deleted;
    });
}

boost::asio::awaitable<bool> ask_whether(Neighbours& neighbours, int shard, std::string name,
                                         std::int64_t id) {
    boost::json::object question;
    question["id"] = id;
    auto asked = neighbours.ask(shard, std::move(name), std::move(question));
    const auto answer = co_await std::move(asked);
    co_return answer.at("exists").as_bool();
}

// The same questions, from another server.
Neighbours::Answer existence_answer(std::function<bool(std::int64_t id)> exists) {
    return [exists = std::move(exists)](
               boost::json::object question) -> boost::asio::awaitable<boost::json::object> {
        boost::json::object answer;
        answer["exists"] = exists(question.at("id").to_number<std::int64_t>());
        co_return answer;
    };
}

}  // namespace

boost::asio::awaitable<bool> Shards::user_exists(UserId id) {
    if (directory_.knows_user(id)) co_return true;
    if (auto* const neighbours = neighbours_for(account_shard)) {
        auto asked = ask_whether(*neighbours, account_shard, "user_exists", id.value);
        co_return co_await std::move(asked);
    }
    co_return knows_user(accounts(), id);
}

boost::asio::awaitable<bool> Shards::gathering_exists(GatheringId id) {
    if (directory_.knows_gathering(id)) co_return true;
    const auto shard = shard_of_id(id.value, count());
    if (auto* const neighbours = neighbours_for(shard)) {
        auto asked = ask_whether(*neighbours, shard, "gathering_exists", id.value);
        co_return co_await std::move(asked);
    }
    co_return knows_gathering(here(shard), id);
}

void Shards::join(Neighbours& neighbours) {
    neighbours_ = &neighbours;
    neighbours.answer("user_exists", existence_answer([this](std::int64_t id) {
                          return knows_user(accounts(), UserId{id});
                      }));
    neighbours.answer("gathering_exists", existence_answer([this](std::int64_t id) {
                          return knows_gathering(of_id(id), GatheringId{id});
                      }));
}

Neighbours* Shards::neighbours_for(int shard) const {
    return neighbours_ && shards_.at(static_cast<std::size_t>(shard))->is_elsewhere() ? neighbours_ : nullptr;
}

}  // namespace dacapo
