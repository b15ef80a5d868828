#include "command/clock_policies.hpp"

#include "command/gathering_end.hpp"
#include "command/handling.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace dacapo {

namespace asio = boost::asio;

namespace {

CommandOrigin clock_origin() {
    CommandOrigin origin;
    origin.command_id = new_command_id();
    origin.causation_id = "clock";
    return origin;
}

// The first entries of an ordered set of (time, who) whose time has come.
template <class Who>
std::vector<Who> due_in(const std::set<std::pair<Timestamp, Who>>& times, Timestamp now) {
    std::vector<Who> due;
    for (const auto& [time, who] : times) {
        if (time > now || due.size() >= ClockPolicies::due_per_look_max) break;
        due.push_back(who);
    }
    return due;
}

// Whether something was recorded. A command of the clock that cannot be recorded now is tried again at the
// next look.
asio::awaitable<bool> submit_quietly(Shard& shard, Decide decide) {
    try {
        auto submitted = shard.submit(clock_origin(), std::move(decide));
        const auto receipt = co_await std::move(submitted);
        co_return receipt.entry != nullptr;
    } catch (const http::Problem&) {
        co_return false;
    }
}

}  // namespace

asio::awaitable<void> ClockPolicies::expire_check_ins(Shard& shard) {
    const auto now = clock_.now();
    const auto due =
        shard.peek([&](const ShardState& state) { return due_in(state.check_in_expiries, now); });
    for (const auto person : due) {
        Decide decide = [person](const ShardState& state, const Context& by) -> Verdict {
            const auto found = state.check_ins.find(person);
            if (found == state.check_ins.end()) return std::vector<StreamEvent>{};
            const auto& check_in = found->second.state;
            return verdict_of<CheckIns>(CheckIns::decide(CheckIns::Expire{check_in.active_id}, check_in, by),
                                        {StreamKind::check_in, person.value});
        };
        co_await submit_quietly(shard, std::move(decide));
    }
}

asio::awaitable<void> ClockPolicies::end_gatherings(Shard& shard) {
    const auto now = clock_.now();
    const auto due = shard.peek([&](const ShardState& state) { return due_in(state.gathering_ends, now); });
    for (const auto id : due) {
        Gathering::State before;
        Decide decide = [&before, id](const ShardState& state, const Context& by) -> Verdict {
            before = gathering_in(state, id);
            return decide_gathering_end(id, Gathering::End{}, state, by);
        };
        // One that was put off since the look has not ended and keeps its title.
        const bool ended = co_await submit_quietly(shard, std::move(decide));
        if (ended) co_await release_title_elsewhere(shards_, before);
    }
}

asio::awaitable<void> ClockPolicies::look() {
    for (int i = 0; i < shards_.count() && !stopping_; ++i) {
        if (shards_.at(i).is_elsewhere()) continue;  // Its owner looks after it.
        co_await expire_check_ins(shards_.at(i));
        co_await end_gatherings(shards_.at(i));
    }
}

asio::awaitable<void> ClockPolicies::run() {
    while (!stopping_) {
        co_await look();
        timer_.expires_after(interval);
        if (stopping_) co_return;
        co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
    }
}

void ClockPolicies::start() {
    asio::co_spawn(context_, run(), asio::detached);
    thread_ = std::thread([this] { context_.run(); });
}

void ClockPolicies::stop() {
    if (!thread_.joinable()) return;
    stopping_ = true;
    asio::post(context_, [this] { timer_.cancel(); });
    thread_.join();
}

}  // namespace dacapo
