// What the runner writes down beside the read models: how far they are, of which log, in which version, what
// is parked. It commits with the rows that it speaks of, so that neither can be true without the other.
#pragma once

#include "infra/sql/migrations.hpp"
#include "infra/sql/read_database.hpp"
#include "projections/projection.hpp"

#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace dacapo {

struct Checkpoint {
    std::string epoch;  // of the log that the read models were built from; empty: of none yet
    Frontier frontier;
};

// How far the read models of this database have come; `start` is that of their log, which must reach as far.
Checkpoint checkpoint_of(sql::Session& session, const Frontier& start = {});

// The tables of this file. A change of them is one more migration, never a change of an earlier one.
std::span<const sql::Migration> bookkeeping_migrations();

// One runner's place in each shard. Rows are changed only from the value last seen: of two runners on one
// database, the one that comes second sees that the other has been there, and changes nothing.
class Checkpoints {
public:
    // `start` is that of the log.
    Checkpoints(sql::Session& writer, std::string runner, Frontier start)
        : writer_(writer), runner_(std::move(runner)), start_(std::move(start)) {}

    void load();
    Frontier frontier() const;
    // Inside a transaction: moves the shards that these entries touch. False: another runner has moved one of
    // them.
    bool move(std::span<const LogEntryPtr> entries);
    // The transaction of the last move() was committed.
    void adopt() { places_ = moved_; }
    // Inside a transaction: as if nothing had been projected.
    void forget();

private:
    sql::Session& writer_;
    std::string runner_;
    Frontier start_;
    std::map<int, Position> places_;
    std::map<int, Position> moved_;
};

// The events that a projection could not apply, and those behind them in the same stream, in order.
class ParkedEvents {
public:
    struct Place {
        int shard = 0;
        Position position = 0;
        std::int64_t index = 0;  // of the event within its record
    };
    struct Line {  // one stream's parked events, for one projection
        std::string projection;
        std::string stream;
        auto operator<=>(const Line&) const = default;
    };

    explicit ParkedEvents(sql::Session& writer) : writer_(writer) {}

    void load();
    std::size_t count() const { return count_; }
    const std::set<Line>& lines() const { return lines_; }
    bool holds(std::string_view projection, StreamId stream) const {
        return !lines_.empty() && lines_.contains({std::string(projection), text_of(stream)});
    }

    void park(std::string_view projection, StreamId stream, Place place, std::string_view error);
    void forget(std::string_view projection);

    std::vector<Place> places(const Line& line);
    void remove(const Line& line, Place place);
    void failed_again(const Line& line, Place place, std::string_view error);

private:
    sql::Session& writer_;
    std::set<Line> lines_;
    std::size_t count_ = 0;
};

}  // namespace dacapo
