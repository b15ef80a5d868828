// Which sessions are alive, folded from shard 0: every request's token is checked against it.
// One byte a session, read without a lock.
#pragma once

#include "infra/log/event_log.hpp"

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace dacapo {

class SessionRegistry {
public:
    enum class Standing : std::uint8_t { unknown, live, ended };

    Standing standing(SessionId id) const;

    void open(SessionId id) { set(id, Standing::live); }
    void end(SessionId id) { set(id, Standing::ended); }
    // Takes in what has become durable; sessions that ended are told to the listeners (their sockets close).
    void fold(const LogEntry& entry);
    // Before any fold(). Called on the committing thread.
    void on_end(std::function<void(SessionId)> listener) { listeners_.push_back(std::move(listener)); }

private:
    static constexpr std::size_t chunk_size = 65536;
    static constexpr std::size_t chunk_count = 65536;  // 4 thousand million sessions
    using Chunk = std::array<std::atomic<Standing>, chunk_size>;

    void set(SessionId id, Standing standing);

    // Chunks are only ever added, so a reader may follow the pointer without a lock.
    std::vector<std::atomic<Chunk*>> chunks_{chunk_count};
    std::vector<std::unique_ptr<Chunk>> owned_;
    std::mutex grow_;
    std::vector<std::function<void(SessionId)>> listeners_;
};

}  // namespace dacapo
