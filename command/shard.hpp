// One shard at work: commands are decided on its newest state, one after the other, and gathered for the next
// batch. Replies leave only when what they rest on is durable; the committing thread (group_commit.hpp) tells
// when.
#pragma once

#include "command/completion.hpp"
#include "command/shard_state.hpp"
#include "domain/decision.hpp"
#include "infra/clock.hpp"
#include "infra/http/problem.hpp"

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

namespace dacapo {

// The events to record, in order (none: nothing to do), or the refusal.
using Verdict = std::variant<std::vector<StreamEvent>, http::Problem>;
// Called once under the shard's lock, on its newest state; must not block.
using Decide = std::function<Verdict(const ShardState& state, const Context& by)>;

// Another process decides for this shard. Whoever can send the request there does; to a client it is 503.
struct ShardElsewhere : http::Problem {
    explicit ShardElsewhere(int shard);
    int shard;
};

struct Receipt {
    int shard = 0;
    LogEntryPtr entry;      // null when nothing was recorded
    Position position = 0;  // up to which the answer rests on this shard's records
};

class Shard {
public:
    // Records decided and not yet written; past this, commands are refused with 503.
    static constexpr std::size_t pending_max = 16384;

    Shard(int index, int shard_count, const Clock& clock, std::function<void()> wake_commit);

    // Decides, waits until it is durable and says where. Throws http::Problem: the refusal itself; 503
    // `overloaded` or `shard_loading`; 503 `outcome_unknown` or 507 `disk_full` when the write failed;
    // ShardElsewhere.
    boost::asio::awaitable<Receipt> submit(CommandOrigin origin, Decide decide);

    // Looks at the newest state, which may rest on records that are not durable yet.
    template <class Look>
    auto peek(Look&& look) const {
        const std::lock_guard lock(mutex_);
        return look(std::as_const(state_));
    }

    bool is_elsewhere() const {
        const std::lock_guard lock(mutex_);
        return stage_ == Stage::elsewhere;
    }
    // Throws ShardElsewhere unless commands are decided here.
    void require_here() const {
        if (is_elsewhere()) throw ShardElsewhere(index_);
    }

    int index() const { return index_; }
    Timestamp now() const { return clock_.now(); }

private:
    friend class GroupCommit;
    friend class Shards;

    enum class Stage {
        loading,    // the part of the log that decides is being read
        open,       // decides here
        full,       // the disk is
        elsewhere,  // decides in another process; the state here follows the log
    };
    struct Waiting {
        std::shared_ptr<Completion> completion;
        bool recorded = false;
    };
    struct Decided {
        std::shared_ptr<LogEntry> entry;
        std::shared_ptr<Completion> completion;  // null: durable already
        std::optional<http::Problem> refusal;
        Position position = 0;
    };

    Verdict verdict_on(const Decide& decide, const Context& by) const;
    Decided decide_now(CommandOrigin origin, const Decide& decide);

    const int index_;
    const Clock& clock_;
    const std::function<void()> wake_commit_;

    mutable std::mutex mutex_;
    Stage stage_ = Stage::loading;
    std::int64_t own_term_ = 0;  // of a shared log: records of this term were decided here
    ShardState state_;
    std::size_t not_durable_ =
        0;  // records decided and not yet durable: pending here or in the running batch
    std::vector<PendingRecord> pending_;
    std::vector<Waiting> waiting_;
};

}  // namespace dacapo
