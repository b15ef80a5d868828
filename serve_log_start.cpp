#include "serve_log_start.hpp"

#include "command/snapshot.hpp"
#include "command/snapshot_files.hpp"
#include "command/snapshot_table.hpp"
#include "projections/bookkeeping.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace dacapo {
namespace {

Frontier earlier(const Frontier& one, const Frontier& other, int shard_count) {
    auto both = Frontier::of_shards(shard_count);
    for (int shard = 0; shard < shard_count; ++shard)
        both.advance(shard, std::min(one.at(shard), other.at(shard)));
    return both;
}

}  // namespace

// A table only where several processes need them, and where there is a database that several can reach.
std::shared_ptr<SnapshotStore> LogStart::snapshots(const std::string& epoch) {
    if (snapshots_) return snapshots_;
    if (config_.event_log_kafka && config_.database_file.empty()) {
        SnapshotTableOptions options;
        options.database_url = config_.database_url;
        options.epoch = epoch;
        options.on_warning = [&lines = lines_](const std::string& what) {
            lines.warn("snapshots", {{"warning", what}});
        };
        snapshots_ = std::make_shared<SnapshotTable>(clock_, std::move(options));
    } else {
        snapshots_ = std::make_shared<SnapshotFiles>(config_.data_dir / "snapshots", epoch);
    }
    return snapshots_;
}

Frontier LogStart::propose(const std::string& epoch, int shard_count) {
    std::optional<Frontier> start;
    if (roles_.command) start = read_shards(epoch, shard_count);
    if (roles_.project || roles_.query) {
        const auto tables = tables_passed(epoch, shard_count);
        start = start ? earlier(*start, tables, shard_count) : tables;
    }
    if (roles_.query && !roles_.command) {
        auto known = *start;
        start = Frontier::of_shards(shard_count);
        for (int shard = 0; shard < shard_count; ++shard)
            start->advance(shard, shard == account_shard
                                      ? std::min(known.at(shard), read_accounts(epoch, shard_count))
                                      : known.at(shard));
    }
    return start.value_or(Frontier::of_shards(shard_count));
}

// Kept until the shards are loaded: a newer snapshot read then could rest on records that this log has not
// read yet.
Frontier LogStart::read_shards(const std::string& epoch, int shard_count) {
    std::vector<int> all(static_cast<std::size_t>(shard_count));
    std::iota(all.begin(), all.end(), 0);
    states_ =
        states_of_snapshots(*snapshots(epoch), all, shard_count, [&](int shard, const std::string& why) {
            lines_.warn("snapshots", {{"shard", shard}, {"unused", why}});
        });
    auto read = Frontier::of_shards(shard_count);
    for (const auto& state : states_) read.advance(state.shard, state.position);
    return read;
}

// Parked events, rebuilds and feeds that go on from an old place ask for older records, one page at a time.
Frontier LogStart::tables_passed(const std::string& epoch, int shard_count) const {
    const auto beginning = Frontier::of_shards(shard_count);
    try {
        sql::Session session(config_.database_url, sql::Use::read);
        const auto checkpoint = checkpoint_of(session, beginning);
        return checkpoint.epoch == epoch ? checkpoint.frontier : beginning;
    } catch (const sql::Error&) {
        return beginning;  // No tables yet, or no database: whoever needs it will say so.
    }
}

// A query server knows every session that was ever opened, which no table holds. The snapshot of the
// accounts' shard does; without one that shard, and no other, is read from its first record.
Position LogStart::read_accounts(const std::string& epoch, int shard_count) {
    std::string why;
    try {
        auto state = fresh_state(account_shard, shard_count);
        const auto bytes = snapshots(epoch)->load(account_shard, why);
        if (!bytes) return 0;
        decode_snapshot(*bytes, state);
        accounts_ = std::move(state);
        return accounts_->position;
    } catch (const std::exception&) {
        return 0;  // Its owner will find the same, and discard it.
    }
}

Position LogStart::tell_sessions(const EventLog& log, SessionRegistry& sessions) {
    const auto accounts = std::exchange(accounts_, std::nullopt);
    if (!roles_.command) snapshots_.reset();  // Its connection is of no more use here.
    if (!accounts || !log.head().covers(account_shard, accounts->position)) return 0;
    for (const auto& [session, version] : accounts->sessions)
        session.ended ? sessions.end(session.session_id) : sessions.open(session.session_id);
    return accounts->position;
}

}  // namespace dacapo
