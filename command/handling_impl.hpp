// The templates of handling.hpp.
#pragma once

#include "command/refusals.hpp"

namespace dacapo {

template <class Aggregate>
bool RecordBuilder::add(typename Aggregate::Decision decision, StreamId stream) {
    if (refusal_) return false;
    if (const auto* refusal = std::get_if<typename Aggregate::Refusal>(&decision)) {
        refusal_ = problem_of(*refusal);
        return false;
    }
    for (auto& event : std::get<0>(decision)) events_.push_back({stream, std::move(event)});
    return true;
}

inline Verdict RecordBuilder::verdict() && {
    if (refusal_) return std::move(*refusal_);
    return std::move(events_);
}

template <class Aggregate>
Verdict verdict_of(typename Aggregate::Decision decision, StreamId stream) {
    RecordBuilder builder;
    builder.add<Aggregate>(std::move(decision), stream);
    return std::move(builder).verdict();
}

// The first event of this type in a record, or null.
template <class Wanted, class Aggregate>
const Wanted* find_event(const LogEntry* entry) {
    if (!entry) return nullptr;
    for (const auto& recorded : entry->record.events)
        if (const auto* of_aggregate = std::get_if<Aggregate>(&recorded.event))
            if (const auto* found = std::get_if<Wanted>(of_aggregate)) return found;
    return nullptr;
}

}  // namespace dacapo
