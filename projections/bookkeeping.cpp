#include "projections/bookkeeping.hpp"

#include <algorithm>

namespace dacapo {

namespace {

// `joined` is 0 while a projection is rebuilt apart from the rest. `generation` counts the times that tables
// were dropped or joined, so that a runner which did not see it stops before it writes.
constexpr const char* create_first_tables = R"(
    CREATE TABLE IF NOT EXISTS log_epoch (
        only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
        epoch TEXT NOT NULL,
        generation INTEGER NOT NULL
    );
    INSERT INTO log_epoch VALUES (1, '', 0) ON CONFLICT DO NOTHING;
    CREATE TABLE IF NOT EXISTS projections (
        name TEXT PRIMARY KEY,
        version INTEGER NOT NULL,
        joined INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS checkpoints (
        runner TEXT NOT NULL,
        shard INTEGER NOT NULL,
        position INTEGER NOT NULL,
        PRIMARY KEY (runner, shard)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS parked_events (
        projection TEXT NOT NULL,
        stream TEXT NOT NULL,
        position INTEGER NOT NULL,
        event INTEGER NOT NULL,
        error TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        shard INTEGER NOT NULL,
        PRIMARY KEY (projection, stream, position, event)
    ) WITHOUT ROWID)";

// The state of the shards of a cluster, see command/snapshot_table.hpp; `content` is base64url. A row for
// each shape that builds give the state.
constexpr const char* create_shard_snapshots = R"(
    CREATE TABLE IF NOT EXISTS shard_snapshots (
        shard INTEGER NOT NULL,
        fingerprint TEXT NOT NULL,
        epoch TEXT NOT NULL,
        position INTEGER NOT NULL,
        saved_at INTEGER NOT NULL,
        content TEXT NOT NULL,
        PRIMARY KEY (shard, fingerprint)
    ) WITHOUT ROWID)";

// See query/spent_tickets.hpp.
constexpr const char* create_spent_feed_tickets = R"(
    CREATE TABLE IF NOT EXISTS spent_feed_tickets (
        id TEXT PRIMARY KEY,
        expires_at INTEGER NOT NULL
    ) WITHOUT ROWID)";

constexpr std::string_view select_epoch = "SELECT epoch FROM log_epoch";
constexpr std::string_view select_places = "SELECT shard, position FROM checkpoints WHERE runner = $1";
constexpr std::string_view insert_place = R"(
    INSERT INTO checkpoints (runner, shard, position) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING)";
constexpr std::string_view move_place = R"(
    UPDATE checkpoints SET position = $3 WHERE runner = $1 AND shard = $2 AND position = $4)";
constexpr std::string_view delete_places = "DELETE FROM checkpoints WHERE runner = $1";

constexpr std::string_view select_lines = "SELECT DISTINCT projection, stream FROM parked_events";
constexpr std::string_view count_parked = "SELECT count(*) FROM parked_events";
constexpr std::string_view insert_parked = R"(
    INSERT INTO parked_events (projection, stream, position, event, error, attempts, shard)
    VALUES ($1, $2, $3, $4, $5, 1, $6)
    ON CONFLICT DO NOTHING)";
constexpr std::string_view delete_parked_of = "DELETE FROM parked_events WHERE projection = $1";
constexpr std::string_view select_parked = R"(
    SELECT shard, position, event FROM parked_events WHERE projection = $1 AND stream = $2 ORDER BY position, event)";
constexpr std::string_view delete_parked = R"(
    DELETE FROM parked_events WHERE projection = $1 AND stream = $2 AND position = $3 AND event = $4)";
constexpr std::string_view change_parked = R"(
    UPDATE parked_events SET error = $5, attempts = attempts + 1
    WHERE projection = $1 AND stream = $2 AND position = $3 AND event = $4)";

}  // namespace

std::span<const sql::Migration> bookkeeping_migrations() {
    static const std::vector<sql::Migration> all{{1, "bookkeeping", create_first_tables},
                                                 {2, "shard snapshots", create_shard_snapshots},
                                                 {3, "spent feed tickets", create_spent_feed_tickets}};
    return all;
}

Checkpoint checkpoint_of(sql::Session& session, const Frontier& start) {
    Checkpoint checkpoint{session.value<std::string>(select_epoch).value_or(""), start};
    session.query(select_places, "main", [&](const sql::Row& row) {
        checkpoint.frontier.advance(row.get<int>(0), row.get<Position>(1));
    });
    return checkpoint;
}

void Checkpoints::load() {
    places_.clear();
    writer_.query(select_places, runner_,
                  [&](const sql::Row& row) { places_[row.get<int>(0)] = row.get<Position>(1); });
}

Frontier Checkpoints::frontier() const {
    auto frontier = start_;
    for (const auto& [shard, position] : places_) frontier.advance(shard, position);
    return frontier;
}

bool Checkpoints::move(std::span<const LogEntryPtr> entries) {
    std::map<int, Position> touched;
    for (const auto& entry : entries) touched[entry->record.shard] = entry->position;
    moved_ = places_;
    for (const auto& [shard, position] : touched) {
        const auto seen = places_.find(shard);
        const auto changed = seen == places_.end()
                                 ? writer_.execute(insert_place, runner_, shard, position)
                                 : writer_.execute(move_place, runner_, shard, position, seen->second);
        if (changed != 1) return false;
        moved_[shard] = position;
    }
    return true;
}

void Checkpoints::forget() {
    writer_.execute(delete_places, runner_);
    places_.clear();
}

void ParkedEvents::load() {
    lines_.clear();
    writer_.query(select_lines, [&](const sql::Row& row) {
        lines_.insert({row.get<std::string>(0), row.get<std::string>(1)});
    });
    count_ = writer_.value<std::size_t>(count_parked).value_or(0);
}

void ParkedEvents::park(std::string_view projection, StreamId stream, Place place, std::string_view error) {
    Line line{std::string(projection), text_of(stream)};
    writer_.execute(insert_parked, line.projection, line.stream, place.position, place.index, error,
                    place.shard);
    lines_.insert(std::move(line));
    ++count_;
}

void ParkedEvents::forget(std::string_view projection) { writer_.execute(delete_parked_of, projection); }

std::vector<ParkedEvents::Place> ParkedEvents::places(const Line& line) {
    std::vector<Place> places;
    writer_.query(select_parked, line.projection, line.stream, [&](const sql::Row& row) {
        places.push_back({row.get<int>(0), row.get<Position>(1), row.get<std::int64_t>(2)});
    });
    return places;
}

void ParkedEvents::remove(const Line& line, Place place) {
    writer_.execute(delete_parked, line.projection, line.stream, place.position, place.index);
}

void ParkedEvents::failed_again(const Line& line, Place place, std::string_view error) {
    writer_.execute(change_parked, line.projection, line.stream, place.position, place.index, error);
}

}  // namespace dacapo
