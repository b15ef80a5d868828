#include "command/shard.hpp"

#include "events/codec.hpp"

#include <algorithm>

namespace dacapo {

namespace asio = boost::asio;

namespace {

http::Problem unavailable(std::string code, std::string detail) {
    http::Problem problem(503, std::move(code), std::move(detail));
    problem.headers.emplace_back("Retry-After", "1");
    return problem;
}

}  // namespace

ShardElsewhere::ShardElsewhere(int of_shard)
    : Problem(unavailable("shard_elsewhere", "Another server decides this, and it is not known which.")),
      shard(of_shard) {}

Shard::Shard(int index, int shard_count, const Clock& clock, std::function<void()> wake_commit)
    : index_(index), clock_(clock), wake_commit_(std::move(wake_commit)) {
    state_.shard = index;
    state_.shard_count = shard_count;
}

// A problem thrown while deciding is a refusal like any other: it, too, may rest on what is not durable yet.
Verdict Shard::verdict_on(const Decide& decide, const Context& by) const {
    try {
        return decide(state_, by);
    } catch (http::Problem& problem) {
        return std::move(problem);
    }
}

Shard::Decided Shard::decide_now(CommandOrigin origin, const Decide& decide) {
    const std::lock_guard lock(mutex_);
    Decided decided;
    if (stage_ == Stage::loading) {
        decided.refusal =
            unavailable("shard_loading", "The part of the log that decides this is being read.");
        return decided;
    }
    if (stage_ == Stage::elsewhere) throw ShardElsewhere(index_);
    if (stage_ == Stage::full) {
        decided.refusal = http::Problem(507, "disk_full", "The event log has no room to record anything.");
        return decided;
    }
    if (pending_.size() >= pending_max) {
        decided.refusal = unavailable("overloaded", "More commands are waiting than can be taken in.");
        return decided;
    }
    const auto now = std::max(clock_.now(), state_.last_time);
    auto verdict = verdict_on(decide, Context{origin.actor, origin.role, now});
    bool recorded = false;
    if (auto* refusal = std::get_if<http::Problem>(&verdict)) {
        decided.refusal = std::move(*refusal);
    } else if (auto& events = std::get<0>(verdict); !events.empty()) {
        decided.entry = record_events(state_, std::move(origin), std::move(events), now);
        pending_.push_back({decided.entry, encode(decided.entry->record)});
        ++not_durable_;
        recorded = true;
    }
    decided.position = state_.position;
    if (not_durable_ == 0) return decided;  // The answer rests on durable records alone.
    decided.completion = std::make_shared<Completion>();
    waiting_.push_back({decided.completion, recorded});
    return decided;
}

asio::awaitable<Receipt> Shard::submit(CommandOrigin origin, Decide decide) {
    auto decided = decide_now(std::move(origin), decide);
    if (decided.completion) {
        wake_commit_();
        const auto result = co_await Completion::wait(decided.completion);
        if (result == CommitResult::disk_full)
            throw http::Problem(507, "disk_full",
                                "The event log has no room to record this; nothing was recorded.");
        if (result == CommitResult::failed)
            throw unavailable("outcome_unknown",
                              "The event log could not be written. Retry with the same key.");
    }
    if (decided.refusal) throw std::move(*decided.refusal);
    if (decided.entry) co_return Receipt{index_, decided.entry, decided.entry->position};
    // What it rests on was not durable yet when it was decided, and is now.
    if (decided.completion) decided.position = peek([](const ShardState& state) { return state.position; });
    co_return Receipt{index_, nullptr, decided.position};
}

}  // namespace dacapo
