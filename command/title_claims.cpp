#include "command/title_claims.hpp"

#include "events/enum_names.hpp"

#include <boost/asio/use_awaitable.hpp>

namespace dacapo {

namespace asio = boost::asio;

namespace {

CommandOrigin system_origin() {
    CommandOrigin origin;
    origin.command_id = new_command_id();
    return origin;
}

asio::awaitable<Receipt> decide_title(Shards& shards, CommandOrigin origin, std::string folded_title,
                                      Title::Command command) {
    Decide decide = [&](const ShardState& state, const Context& by) -> Verdict {
        return verdict_of<Title>(Title::decide(command, title_in(state, folded_title), by),
                                 title_stream(folded_title));
    };
    auto receipt = shards.of_title(folded_title).submit(std::move(origin), std::move(decide));
    co_return co_await std::move(receipt);
}

namespace json = boost::json;

// A step on a title, as one server asks it of another.
json::object step_question(const std::string& folded_title, GatheringId gathering_id,
                           const std::string& claim_id) {
    return {{"title", folded_title}, {"gathering", gathering_id.value}, {"claim", claim_id}};
}

asio::awaitable<void> ask_step(Neighbours& neighbours, int shard, std::string name, json::object question) {
    auto asked = neighbours.ask(shard, std::move(name), std::move(question));
    co_await std::move(asked);
}

std::string text_in(const json::object& question, std::string_view name) {
    return std::string(question.at(name).as_string());
}
GatheringId gathering_of(const json::object& question) {
    return GatheringId{question.at("gathering").to_number<std::int64_t>()};
}

// Whether the gathering holds its title under this claim, now and for good: a rename that was not carried out
// yet is abandoned by a record of the gathering's own shard, so that it cannot come through later.
asio::awaitable<bool> is_held(Shards& shards, Title::Holder holder) {
    const auto shard = shard_of_id(holder.gathering_id.value, shards.count());
    if (auto* const neighbours = shards.neighbours_for(shard)) {
        auto question = step_question("", holder.gathering_id, holder.claim_id);
        question["confirmed"] = holder.confirmed;
        auto asked = neighbours->ask(shard, "is_title_held", std::move(question));
        const auto answer = co_await std::move(asked);
        co_return answer.at("held").as_bool();
    }
    bool held = false;
    // Asked as a command even when it records nothing, for submit() answers only when what was seen is
    // durable: a title must not be given away because of a cancellation that is lost in a crash.
    Decide decide = [&](const ShardState& state, const Context& by) -> Verdict {
        const auto* gathering = state.gathering(holder.gathering_id);
        held = gathering && Gathering::renamed_with(gathering->state, holder.claim_id);
        if (!gathering || held || holder.confirmed) return std::vector<StreamEvent>{};
        auto decision = Gathering::decide(Gathering::AbandonRename{holder.claim_id}, gathering->state, by);
        if (std::holds_alternative<Gathering::Refusal>(decision)) return std::vector<StreamEvent>{};
        return verdict_of<Gathering>(std::move(decision), {StreamKind::gathering, holder.gathering_id.value});
    };
    auto submitted = shards.of_id(holder.gathering_id.value).submit(system_origin(), std::move(decide));
    co_await std::move(submitted);
    co_return held;
}

}  // namespace

const Title::State& title_in(const ShardState& state, const std::string& folded_title) {
    static const Title::State free;
    const auto found = state.titles.find(folded_title);
    return found == state.titles.end() ? free : found->second.state;
}

asio::awaitable<void> settle_stale_claim(Shards& shards, std::string folded_title) {
    const auto index = shard_of_title(folded_title, shards.count());
    if (auto* const neighbours = shards.neighbours_for(index)) {
        json::object question;
        question["title"] = folded_title;
        co_await ask_step(*neighbours, index, "settle_title", std::move(question));
        co_return;
    }
    auto& shard = shards.of_title(folded_title);
    const auto holder =
        shard.peek([&](const ShardState& state) { return title_in(state, folded_title).holder; });
    if (!holder) co_return;
    const auto age = shard.now() - holder->claimed_at;
    if (!holder->confirmed && age < unconfirmed_claim_grace) co_return;
    const bool held = co_await is_held(shards, *holder);
    if (!held) {
        co_await release_title(shards, folded_title, holder->gathering_id, holder->claim_id);
    } else if (!holder->confirmed) {
        co_await confirm_title(shards, folded_title, holder->gathering_id, holder->claim_id);
    }
}

asio::awaitable<void> claim_title(Shards& shards, CommandOrigin origin, std::string folded_title,
                                  GatheringId gathering_id, std::string claim_id) {
    const auto shard = shard_of_title(folded_title, shards.count());
    if (auto* const neighbours = shards.neighbours_for(shard)) {
        auto question = step_question(folded_title, gathering_id, claim_id);
        question["actor"] = origin.actor.value;
        question["role"] = name_of(origin.role);
        question["correlation_id"] = origin.correlation_id;
        question["traceparent"] = origin.traceparent;
        co_await ask_step(*neighbours, shard, "claim_title", std::move(question));
        co_return;
    }
    Title::Command command = Title::Claim{folded_title, gathering_id, std::move(claim_id), false};
    co_await decide_title(shards, std::move(origin), std::move(folded_title), std::move(command));
}

asio::awaitable<void> confirm_title(Shards& shards, std::string folded_title, GatheringId gathering_id,
                                    std::string claim_id) {
    const auto shard = shard_of_title(folded_title, shards.count());
    if (auto* const neighbours = shards.neighbours_for(shard)) {
        co_await ask_step(*neighbours, shard, "confirm_title",
                          step_question(folded_title, gathering_id, claim_id));
        co_return;
    }
    Title::Command command = Title::Confirm{folded_title, gathering_id, std::move(claim_id)};
    co_await decide_title(shards, system_origin(), std::move(folded_title), std::move(command));
}

asio::awaitable<void> release_title(Shards& shards, std::string folded_title, GatheringId gathering_id,
                                    std::string claim_id) {
    const auto shard = shard_of_title(folded_title, shards.count());
    if (auto* const neighbours = shards.neighbours_for(shard)) {
        co_await ask_step(*neighbours, shard, "release_title",
                          step_question(folded_title, gathering_id, claim_id));
        co_return;
    }
    Title::Command command = Title::Release{folded_title, gathering_id, std::move(claim_id)};
    co_await decide_title(shards, system_origin(), std::move(folded_title), std::move(command));
}

// Each question is asked of the server that decides the title's shard (is_title_held: the gathering's). Where
// it has moved on meanwhile, the asking server is told so and its client tries again.
void answer_title_questions(Shards& shards, Neighbours& neighbours) {
    neighbours.answer("settle_title", [&shards](json::object question) -> asio::awaitable<json::object> {
        const auto title = text_in(question, "title");
        shards.of_title(title);
        co_await settle_stale_claim(shards, title);
        co_return json::object{};
    });
    neighbours.answer("claim_title", [&shards](json::object question) -> asio::awaitable<json::object> {
        const auto title = text_in(question, "title");
        shards.of_title(title);
        auto origin = system_origin();
        origin.actor = UserId{question.at("actor").to_number<std::int64_t>()};
        enum_from_name(text_in(question, "role"), origin.role);
        origin.correlation_id = text_in(question, "correlation_id");
        origin.traceparent = text_in(question, "traceparent");
        co_await claim_title(shards, std::move(origin), title, gathering_of(question),
                             text_in(question, "claim"));
        co_return json::object{};
    });
    neighbours.answer("confirm_title", [&shards](json::object question) -> asio::awaitable<json::object> {
        const auto title = text_in(question, "title");
        shards.of_title(title);
        co_await confirm_title(shards, title, gathering_of(question), text_in(question, "claim"));
        co_return json::object{};
    });
    neighbours.answer("release_title", [&shards](json::object question) -> asio::awaitable<json::object> {
        const auto title = text_in(question, "title");
        shards.of_title(title);
        co_await release_title(shards, title, gathering_of(question), text_in(question, "claim"));
        co_return json::object{};
    });
    neighbours.answer("is_title_held", [&shards](json::object question) -> asio::awaitable<json::object> {
        Title::Holder holder;
        holder.gathering_id = gathering_of(question);
        holder.claim_id = text_in(question, "claim");
        holder.confirmed = question.at("confirmed").as_bool();
        shards.of_id(holder.gathering_id.value);
        const bool held = co_await is_held(shards, std::move(holder));
        json::object answer;
        answer["held"] = held;
        co_return answer;
    });
}

}  // namespace dacapo
