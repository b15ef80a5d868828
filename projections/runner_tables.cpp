// The runner's start: which tables are right, which are built anew, and when they join the rest.
#include "projections/runner.hpp"

#include <algorithm>

namespace dacapo {

namespace {

constexpr std::string_view select_epoch = "SELECT epoch FROM log_epoch";
constexpr std::string_view change_epoch = "UPDATE log_epoch SET epoch = $1";
constexpr std::string_view forget_all_places = "DELETE FROM checkpoints";  // also those of other runners
constexpr std::string_view select_generation = "SELECT generation FROM log_epoch";
constexpr std::string_view next_generation = "UPDATE log_epoch SET generation = generation + 1";
constexpr std::string_view select_projections = "SELECT name, version, joined FROM projections";
constexpr std::string_view upsert_projection = R"(
    INSERT INTO projections (name, version, joined) VALUES ($1, $2, $3)
    ON CONFLICT (name) DO UPDATE SET version = excluded.version, joined = excluded.joined)";
constexpr std::string_view join_projection = "UPDATE projections SET joined = 1 WHERE name = $1";

struct Known {
    int version = 0;
    bool joined = false;
};

std::map<std::string, Known, std::less<>> known_projections(sql::Session& writer) {
    std::map<std::string, Known, std::less<>> known;
    writer.query(select_projections, [&](const sql::Row& row) {
        known[row.get<std::string>(0)] = {row.get<int>(1), row.get<bool>(2)};
    });
    return known;
}

}  // namespace

void Runner::prepare() {
    // What goes missing under a running server is not made again in silence: its readers and feeds have come
    // further than empty tables. It is told as trouble and as not ready; a restart builds everything anew.
    const bool first = generation_ == 0;
    if (first) sql::migrate(writer_, bookkeeping_migrations());
    sql::Transaction transaction(writer_, sql::Access::alone);
    const auto epoch = writer_.value<std::string>(select_epoch).value_or("");
    const bool other_log = epoch != log_.epoch();
    if (other_log) {
        writer_.execute(forget_all_places);
        writer_.execute(change_epoch, log_.epoch());
    }
    main_.load();
    require_reach(log_.head());

    const auto known = known_projections(writer_);
    bool changed = other_log, raised = other_log;
    for (const auto& projection : projections_) {
        const auto found = known.find(projection->name());
        raised = raised || found == known.end() || found->second.version != projection->version();
    }
    if (raised && !first)
        throw std::logic_error(
            "the read models were dropped, or another build has taken them over: start again");
    for (const auto& projection : projections_) {
        const auto found = known.find(projection->name());
        const bool right = found != known.end() && found->second.version == projection->version();
        // Those that an earlier start left unfinished begin again together with the new ones.
        if (!other_log && right && (found->second.joined || !raised)) continue;
        reset(*projection, main_.frontier() == log_.start());
        changed = true;
    }
    if (raised) rebuild_.forget();
    if (changed) writer_.execute(next_generation);
    transaction.commit();
    load();
}

void Runner::require_reach(const Frontier& head) const {
    const auto passed = main_.frontier();
    for (std::size_t i = 0; i < passed.places().size(); ++i) {
        const auto shard = static_cast<int>(i);
        if (head.covers(shard, passed.at(shard))) continue;
        throw LogRefused("the log ends at position " + std::to_string(head.at(shard)) +
                         (head.is_one_sequence() ? "" : " of shard " + std::to_string(shard)) +
                         " but the read models have passed " + std::to_string(passed.at(shard)) +
                         ": records are missing");
    }
}

void Runner::reset(Projection& projection, bool joined) {
    projection.drop_tables();
    projection.create_tables();
    parked_.forget(projection.name());
    writer_.execute(upsert_projection, projection.name(), projection.version(), joined);
}

void Runner::load() {
    generation_ = writer_.value<std::int64_t>(select_generation).value_or(0);
    apart_.clear();
    for (const auto& [name, known] : known_projections(writer_))
        if (!known.joined && find(name) != nullptr) apart_.insert(name);
    main_.load();
    rebuild_.load();
    parked_.load();
    gauges_.set_rebuilding(!apart_.empty());
    gauges_.set_parked(parked_.count());
    prepared_ = true;
    if (announcing_) return;
    gauges_.set_passed(main_.frontier());
    if (!apart_.empty()) return;
    announcing_ = true;
    announced_ = main_.frontier();  // The caches begin empty and the feeds begin here.
    progress_.advance(announced_);
}

void Runner::check_generation() {
    if (writer_.value<std::int64_t>(select_generation) != generation_) throw Conflict{};
}

void Runner::join() {
    sql::Transaction transaction(writer_, sql::Access::alone);
    check_generation();
    for (const auto& name : apart_) writer_.execute(join_projection, name);
    rebuild_.forget();
    writer_.execute(next_generation);
    transaction.commit();
    prepared_ = false;
}

Projection* Runner::find(std::string_view name) const {
    const auto found = std::find_if(projections_.begin(), projections_.end(),
                                    [&](const auto& projection) { return projection->name() == name; });
    return found == projections_.end() ? nullptr : found->get();
}

bool Runner::takes_part(const Projection& projection, bool rebuilding) const {
    return rebuilding == apart_.contains(projection.name());
}

}  // namespace dacapo
