#include "infra/session_follower.hpp"

#include "events/placement.hpp"

namespace dacapo {
namespace {

constexpr std::size_t page_records = 10'000;
constexpr std::chrono::milliseconds idle_wait{500};

// As if everything of all other shards had been read already.
Frontier accounts_alone(const EventLog& log, Position known) {
    auto frontier = log.start();
    frontier.advance(account_shard, known);
    if (frontier.is_one_sequence()) return frontier;
    for (int shard = 0; shard < log.shard_count(); ++shard)
        if (shard != account_shard) frontier.advance(shard, position_unreachable);
    return frontier;
}

}  // namespace

SessionFollower::SessionFollower(EventLog& log, SessionRegistry& sessions, Position known,
                                 std::function<void(const std::string& what)> on_broken)
    : log_(log),
      sessions_(sessions),
      on_broken_(std::move(on_broken)),
      followed_(accounts_alone(log, known)) {}

bool SessionFollower::step() {
    const auto page = log_.read_after(followed_, page_records);
    for (const auto& entry : page) sessions_.fold(*entry);
    advance_over(followed_, page);
    return !page.empty();
}

void SessionFollower::start() {
    while (step()) continue;
    thread_ = std::thread([this] { run(); });
}

void SessionFollower::stop() {
    stopping_ = true;
    log_.wake();
    if (thread_.joinable()) thread_.join();
}

void SessionFollower::run() {
    while (!stopping_) {
        try {
            if (log_.wait_past(followed_, idle_wait)) step();
        } catch (const LogInDoubt&) {
            continue;  // The log does not answer at the moment.
        } catch (const std::exception& error) {
            return on_broken_(error.what());
        }
    }
}

}  // namespace dacapo
