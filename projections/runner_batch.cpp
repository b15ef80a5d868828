// One batch of the runner: tried whole, and event by event when something in it cannot be applied.
#include "projections/runner.hpp"

#include <new>

namespace dacapo {

namespace {

// Trouble of the machine, not of the event: the same batch is tried again later. Everything else parks an
// event.
bool will_pass(const std::exception& error) {
    if (const auto* sql_error = dynamic_cast<const sql::Error*>(&error))
        return sql_error->kind != sql::ErrorKind::statement;
    return dynamic_cast<const std::bad_alloc*>(&error) != nullptr;
}

Recorded recorded_of(const LogEntry& entry, const RecordedEvent& event) {
    return {entry.position, entry.record.time, event.stream, event.version};
}

}  // namespace

void Runner::project(Checkpoints& checkpoints, std::span<const LogEntryPtr> entries, bool rebuilding) {
    // Rows collected by an attempt that did not reach its end must not leak into the next one.
    struct Discard {
        Runner& runner;
        ~Discard() { runner.discard(); }
    } const discard_at_end{*this};

    const auto attempt = [&](bool whole) {
        sql::Transaction transaction(writer_);
        check_generation();
        if (!checkpoints.move(entries)) throw Conflict{};
        if (!whole) {
            apply_each(entries, rebuilding);
        } else if (!apply_whole(entries, rebuilding)) {
            return false;
        }
        if (options_.before_commit) options_.before_commit();
        transaction.commit();
        checkpoints.adopt();
        return true;
    };
    prepared_ =
        false;  // Until it is committed: a failure on the way leaves what is in memory behind the tables.
    if (!attempt(true)) {
        discard();
        parked_.load();
        attempt(false);
    }
    prepared_ = true;
}

bool Runner::apply_whole(std::span<const LogEntryPtr> entries, bool rebuilding) {
    try {
        for (const auto& projection : projections_) {
            if (!takes_part(*projection, rebuilding)) continue;
            for (const auto& entry : entries) {
                for (std::size_t i = 0; i < entry->record.events.size(); ++i) {
                    const auto& event = entry->record.events[i];
                    const auto line = projection->parked_as(event.stream);
                    if (!parked_.holds(projection->name(), line))
                        projection->apply(event.event, recorded_of(*entry, event));
                    else
                        parked_.park(projection->name(), line,
                                     {entry->record.shard, entry->position, static_cast<std::int64_t>(i)},
                                     "behind a parked event");
                }
            }
            projection->flush();
        }
        return true;
    } catch (const std::exception& error) {
        if (will_pass(error)) throw;
        return false;
    }
}

void Runner::apply_each(std::span<const LogEntryPtr> entries, bool rebuilding) {
    for (const auto& entry : entries)
        for (std::size_t i = 0; i < entry->record.events.size(); ++i)
            for (const auto& projection : projections_)
                if (takes_part(*projection, rebuilding)) apply_or_park(*projection, *entry, i);
}

void Runner::apply_or_park(Projection& projection, const LogEntry& entry, std::size_t index) {
    const auto& event = entry.record.events[index];
    const auto line = projection.parked_as(event.stream);
    const ParkedEvents::Place place{entry.record.shard, entry.position, static_cast<std::int64_t>(index)};
    if (parked_.holds(projection.name(), line)) {
        parked_.park(projection.name(), line, place, "behind a parked event");
        return;
    }
    std::string fault;
    try {
        sql::Savepoint savepoint(writer_);
        projection.apply(event.event, recorded_of(entry, event));
        projection.flush();
        savepoint.keep();
        return;
    } catch (const std::exception& error) {
        if (will_pass(error)) throw;
        fault = error.what();
    }
    projection.discard();
    parked_.park(projection.name(), line, place, fault);
}

void Runner::retry_all() {
    retry_asked_ = false;  // First, so that who asks meanwhile is heard.
    const auto lines = parked_.lines();
    try {
        for (const auto& line : lines) retry(line);
    } catch (Conflict) {
        retry_asked_ = true;
        prepared_ = false;
        return;
    } catch (...) {
        retry_asked_ = true;
        throw;
    }
    parked_.load();
    gauges_.set_parked(parked_.count());
}

void Runner::retry(const ParkedEvents::Line& line) {
    auto* const projection = find(line.projection);
    if (projection == nullptr) return;  // A projection of another build.
    std::vector<LogEntryPtr> repaired;
    sql::Transaction transaction(writer_, sql::Access::alone);
    check_generation();
    for (const auto& place : parked_.places(line)) {
        const auto entry = log_.read_at(place.shard, place.position);
        if (!entry || static_cast<std::size_t>(place.index) >= entry->record.events.size())
            throw LogRefused("the log has no record at the position of a parked event");
        const auto& event = entry->record.events[static_cast<std::size_t>(place.index)];
        try {
            sql::Savepoint savepoint(writer_);
            projection->apply(event.event, recorded_of(*entry, event));
            projection->flush();
            savepoint.keep();
        } catch (const std::exception& error) {
            projection->discard();
            if (will_pass(error)) throw;
            parked_.failed_again(line, place, error.what());
            break;
        }
        parked_.remove(line, place);
        if (repaired.empty() || repaired.back()->position != entry->position ||
            repaired.back()->record.shard != entry->record.shard)
            repaired.push_back(entry);
    }
    transaction.commit();
    if (repaired.empty()) return;
    for (const auto& sink : options_.repaired) sink(repaired);
}

void Runner::discard() {
    for (const auto& projection : projections_) projection->discard();
}

}  // namespace dacapo
