#include "infra/session_registry.hpp"

namespace dacapo {

SessionRegistry::Standing SessionRegistry::standing(SessionId id) const {
    const auto index = static_cast<std::size_t>(id.value);
    if (id.value <= 0 || index / chunk_size >= chunk_count) return Standing::unknown;
    const auto* chunk = chunks_[index / chunk_size].load(std::memory_order_acquire);
    return chunk ? (*chunk)[index % chunk_size].load(std::memory_order_acquire) : Standing::unknown;
}

void SessionRegistry::set(SessionId id, Standing standing) {
    const auto index = static_cast<std::size_t>(id.value);
    auto& place = chunks_.at(index / chunk_size);
    auto* chunk = place.load(std::memory_order_acquire);
    if (!chunk) {
        const std::lock_guard lock(grow_);
        chunk = place.load(std::memory_order_acquire);
        if (!chunk) {
            owned_.push_back(std::make_unique<Chunk>());
            chunk = owned_.back().get();
            place.store(chunk, std::memory_order_release);
        }
    }
    (*chunk)[index % chunk_size].store(standing, std::memory_order_release);
}

void SessionRegistry::fold(const LogEntry& entry) {
    for (const auto& recorded : entry.record.events) {
        const auto* session = std::get_if<SessionEvent>(&recorded.event);
        if (!session) continue;
        std::visit(overloaded{
                       [&](const SessionOpened& e) {
                           // Some records are folded twice: what has ended stays ended.
                           if (standing(e.session_id) == Standing::unknown) open(e.session_id);
                       },
                       [](const SessionRefreshed&) {},
                       [&](const SessionEnded& e) {
                           end(e.session_id);
                           for (const auto& listener : listeners_) listener(e.session_id);
                       },
                   },
                   *session);
    }
}

}  // namespace dacapo
