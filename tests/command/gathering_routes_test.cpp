// The routes of gatherings without a socket: renames across shards, repeats of a key, and what a failure
// leaves.
#include "command/event_answer.hpp"
#include "command/preconditions.hpp"
#include "command/routes.hpp"
#include "infra/text.hpp"
#include "tests/support/commands.hpp"
#include "tests/support/controlled_log.hpp"

#include <doctest/doctest.h>
#include <boost/json.hpp>

namespace dacapo {
namespace {

using namespace dacapo::testing;
using http::Method;
namespace json = boost::json;

constexpr UserId ana{1};
constexpr UserId ben{2};
const std::string old_title = "Jam at the Docks";
const std::string new_title = "Night of the Owls";

struct AlwaysAdmits final : Admission {
    bool admit() override { return true; }
};

struct Sent {
    std::string key = {};
    std::string if_match = {};
    UserId actor = ana;
};

struct Stage {
    TemporaryFolder folder;
    ManualClock clock;
    ControlledLog log;
    RunningShards running{log, folder, clock};
    AlwaysAdmits admission;
    PasswordPool passwords{1, 4, 10};
    AccessTokens access_tokens{"a secret of 32 bytes for the test", "dacapo", "dacapo",
                               std::chrono::hours(1)};
    RefreshTokens refresh_tokens{"a secret of 32 bytes for the test"};
    LoginFailures login_failures{{}, false};
    CommandHandling commands{running.shards, clock,         admission,      passwords,
                             login_failures, access_tokens, refresh_tokens, {}};
    std::vector<http::Route> routes = gathering_routes(commands);

    Answer<http::Response> begin(const std::string& operation, std::int64_t id, std::string body,
                                 Sent sent = {}) {
        const auto route = std::find_if(routes.begin(), routes.end(),
                                        [&](const auto& one) { return one.operation_id == operation; });
        auto request = std::make_shared<http::Request>();
        request->method = route->method;
        request->path = "/events" + (id ? "/" + std::to_string(id) : "");
        if (id) request->ids.push_back(id);
        request->body = std::move(body);
        request->content_type = "application/json";
        request->principal = http::Principal{sent.actor, SessionId{1}, Role::user};
        request->idempotency_key = sent.key;
        request->if_match = sent.if_match;
        auto work = [](const http::Handler& handler,
                       std::shared_ptr<http::Request> of) -> boost::asio::awaitable<http::Response> {
            auto answer = handler(*of);
            co_return co_await std::move(answer);
        };
        return running.io.begin(work(route->handler, std::move(request)));
    }
    json::value send(const std::string& operation, std::int64_t id, std::string body, Sent sent = {}) {
        auto answer = begin(operation, id, std::move(body), std::move(sent));
        const auto response = IoThread::result_of(answer);
        return response.body.empty() ? json::value(response.status) : json::parse(response.body);
    }
    std::string problem(const std::string& operation, std::int64_t id, std::string body, Sent sent = {}) {
        auto answer = begin(operation, id, std::move(body), std::move(sent));
        return RunningShards::problem_of(answer);
    }
    std::int64_t create(const std::string& title, const std::string& more = "") {
        return send("createEvent", 0, body_of(title, more)).at("id").as_int64();
    }
    static std::string body_of(const std::string& title, const std::string& more = "") {
        return R"({"description":"","date":"2024-04-01T20:00:00","location":"Docks","title":")" + title +
               "\"" + more + "}";
    }
    static std::string title_change(const std::string& title) { return R"({"title":")" + title + "\"}"; }
    std::optional<Title::Holder> holder(const std::string& title) {
        return running.shards.of_title(fold(title)).peek([&](const ShardState& state) {
            return title_in(state, fold(title)).holder;
        });
    }
    json::value join(std::int64_t id, UserId user) {
        running.run(running.shards.of_id(id).submit(from(user), joining(GatheringId{id})));
        return {};
    }
};

}  // namespace

TEST_CASE("a rename to a title of another shard frees the old one and holds the new one") {
    Stage stage;
    const auto id = stage.create(old_title);
    REQUIRE(shard_of_title(fold(new_title), 16) != shard_of_id(id, 16));
    const auto event = stage.send("changeEvent", id, Stage::title_change(new_title));
    CHECK(event.at("title") == json::string(new_title));
    CHECK(event.at("version") == 2);
    CHECK(!stage.holder(old_title));
    REQUIRE(stage.holder(new_title));
    CHECK(stage.holder(new_title)->confirmed);
    CHECK(stage.problem("createEvent", 0, Stage::body_of(new_title)) == "400 title_taken");
    // And home again: now the old title is the gathering's own shard's.
    CHECK(stage.send("changeEvent", id, Stage::title_change(old_title)).at("version") == 3);
    CHECK(!stage.holder(new_title));
    CHECK(stage.holder(old_title));
}

TEST_CASE("a rename to a taken title changes nothing and keeps its own") {
    Stage stage;
    const auto id = stage.create(old_title);
    stage.create(new_title);
    CHECK(stage.problem("changeEvent", id, Stage::title_change(new_title)) == "400 title_taken");
    CHECK(stage.holder(old_title)->gathering_id == GatheringId{id});
    CHECK(stage.holder(new_title)->gathering_id != GatheringId{id});
}

TEST_CASE("a rename that is refused gives its claim back") {
    Stage stage;
    const auto id = stage.create(old_title);
    const auto change = R"({"capacity":1,"title":")" + new_title + "\"}";
    stage.join(id, ben);
    CHECK(stage.problem("changeEvent", id, change) == "409 capacity_below_going");
    CHECK(!stage.holder(new_title));
    CHECK(stage.holder(old_title));
}

TEST_CASE("a title of another shard is free after a cancellation and after a deletion") {
    Stage stage;
    for (const std::string operation : {"cancelEvent", "deleteEvent"}) {
        const auto id = stage.create(old_title);
        stage.send("changeEvent", id, Stage::title_change(new_title));
        stage.send(operation, id, "");
        CHECK(!stage.holder(new_title));
        CHECK(!stage.holder(old_title));
    }
}

TEST_CASE("a repeat of a key records once and counts nobody twice") {
    Stage stage;
    const auto id = stage.create(old_title, R"(,"capacity":1)");
    stage.join(id, ben);
    const auto first = stage.send("changeEvent", id, R"({"capacity":2})", {.key = "k"});
    CHECK(first.at("participant_count") == 2);
    CHECK(first.at("waitlist_count") == 0);
    const auto head = stage.log.head();
    CHECK(stage.send("changeEvent", id, R"({"capacity":2})", {.key = "k"}) == first);
    CHECK(stage.log.head() == head);
    CHECK(stage.problem("changeEvent", id, R"({"capacity":3})", {.key = "k"}) ==
          "422 idempotency_key_reused");
    CHECK(stage.problem("createEvent", 0, Stage::body_of("x"), {.key = "two words"}) ==
          "400 invalid_idempotency_key");
}

TEST_CASE("two of the same at once with one key are one event") {
    Stage stage;
    stage.log.hold();
    auto first = stage.begin("createEvent", 0, Stage::body_of(old_title), {.key = "\"k\""});
    stage.log.wait_for_append(1);
    auto second = stage.begin("createEvent", 0, Stage::body_of(old_title), {.key = "k"});
    stage.running.io.drain();
    stage.log.release();
    CHECK(IoThread::result_of(first).body == IoThread::result_of(second).body);
    CHECK(stage.log.head() == 1);
}

TEST_CASE("a key whose command was refused or lost is free again") {
    Stage stage;
    stage.create(old_title);
    CHECK(stage.problem("createEvent", 0, Stage::body_of(old_title), {.key = "k"}) == "400 title_taken");
    CHECK(stage.problem("createEvent", 0, Stage::body_of("Other"), {.key = "k"}) == "");
    stage.log.fail_with(ControlledLog::Failure::write);
    CHECK(stage.problem("createEvent", 0, Stage::body_of("Third"), {.key = "l"}) == "503 outcome_unknown");
    stage.log.fail_with(ControlledLog::Failure::none);
    const auto deadline = std::chrono::steady_clock::now() + IoThread::patience;
    std::string problem = "503";
    while (problem.starts_with("503") && std::chrono::steady_clock::now() < deadline)
        problem = stage.problem("createEvent", 0, Stage::body_of("Third"), {.key = "l"});
    CHECK(problem == "");
}

TEST_CASE("an event is changed by its hosts and as If-Match allows") {
    Stage stage;
    const auto id = stage.create(old_title);
    const std::string change = R"({"location":"Halle"})";
    CHECK(stage.problem("changeEvent", id, change, {.actor = ben}) == "403 not_host");
    CHECK(stage.problem("changeEvent", id + 16, change) == "404 not_found");
    CHECK(stage.problem("changeEvent", id, change, {.if_match = "\"v2\""}) == "412 precondition_failed");
    CHECK(stage.problem("changeEvent", id, change, {.if_match = "\"x\", \"v1\""}) == "");
    CHECK(stage.problem("deleteEvent", id, "", {.if_match = "\"v1\""}) == "412 precondition_failed");
    CHECK(stage.problem("deleteEvent", id, "", {.if_match = "\"v2-abc\""}) == "");
    CHECK(stage.problem("deleteEvent", id, "") == "404 not_found");
}

TEST_CASE("If-Match takes versions and tags that begin with them") {
    for (const char* good : {"", "*", "\"v3\"", "\"v3-0a\"", "\"v1\",\"v3\"", " \"v3\" "})
        CHECK_NOTHROW(Preconditions{good, ""}.check(3));
    for (const char* bad : {"\"v1\"", "\"v30\"", "W/\"v3\"", "v3", "\"v3", ",", "\"3\""})
        CHECK_THROWS_AS((Preconditions{bad, ""}.check(3)), http::Problem);
}

TEST_CASE("If-None-Match keeps a change from what is there already") {
    for (const char* good : {"", "\"v2\"", "\"v30\", \"x\""}) CHECK_NOTHROW(Preconditions{"", good}.check(3));
    for (const char* bad : {"*", "\"v3\"", "\"v1\", \"v3-0a\""})
        CHECK_THROWS_AS((Preconditions{"", bad}.check(3)), http::Problem);
    CHECK_THROWS_AS((Preconditions{"\"v3\"", "*"}.check(3)), http::Problem);
}

}  // namespace dacapo
