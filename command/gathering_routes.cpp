// Creating, changing, cancelling and deleting gatherings (the API's events), with their titles and rosters.
#include "api/body.hpp"
#include "api/resources.hpp"
#include "command/event_answer.hpp"
#include "command/gathering_body.hpp"
#include "command/gathering_end.hpp"
#include "command/preconditions.hpp"
#include "command/routes.hpp"
#include "events/codec.hpp"

#include <boost/asio/use_awaitable.hpp>

namespace dacapo {
namespace {

namespace asio = boost::asio;

StreamId gathering_stream(GatheringId id) { return {StreamKind::gathering, id.value}; }
StreamId roster_stream(GatheringId id) { return {StreamKind::roster, id.value}; }

http::Response event_response(const api::Event& event) {
    http::Response response;
    response.body = api::to_json(event);
    return response;
}

asio::awaitable<http::Response> create(CommandHandling& commands, http::Request& request) {
    const auto body = api::read_body<EventBody>(request);
    const auto details = details_of(body, commands.settings().default_timezone);
    const auto folded_title = fold(details.title);
    co_await settle_stale_claim(commands.shards(), folded_title);

    const auto claim_id = hex_of(new_command_id());
    Decide decide = [&](const ShardState& state, const Context& by) -> Verdict {
        const auto id = state.next_gathering();
        RecordBuilder record;
        record.add<Title>(
            Title::decide(Title::Claim{folded_title, id, claim_id, true}, title_in(state, folded_title), by),
            title_stream(folded_title));
        record.add<Gathering>(Gathering::decide(Gathering::Schedule{id, details, claim_id}, {}, by),
                              gathering_stream(id));
        record.add<Roster>(Roster::decide(Roster::Open{id, body.capacity, by.actor}, {}, by),
                           roster_stream(id));
        return std::move(record).verdict();
    };
    MakeAnswer answer = [&](const LogEntry* entry) {
        const auto event = event_after({}, entry, request.principal->user_id);
        auto response = event_response(event);
        response.set_header("Location", "/events/" + std::to_string(event.id.value));
        return response;
    };
    co_return co_await commands.run(request, commands.shards().of_title(folded_title), std::move(decide),
                                    std::move(answer));
}

// A change that has been read against the newest details, and what it was read against.
struct PlannedChange {
    Gathering::State before;
    GatheringDetails details;
    std::optional<std::optional<std::int64_t>> capacity;
    std::string folded_before;
    std::string folded_after;
    Preconditions preconditions;
    bool title_changes() const { return folded_before != folded_after; }
};

PlannedChange plan_change(CommandHandling& commands, const http::Request& request, GatheringId id) {
    PlannedChange plan;
    plan.before = commands.shards().of_id(id.value).peek(
        [&](const ShardState& state) { return gathering_in(state, id); });
    if (plan.before.phase == Gathering::Phase::none || plan.before.phase == Gathering::Phase::deleted)
        throw not_found("event");
    const auto& principal = *request.principal;
    if (!Gathering::is_host(plan.before, principal.user_id) && principal.role != Role::admin)
        throw problem_of(Gathering::Refusal::not_host);
    plan.preconditions = Preconditions::of(request);
    if (request.method == http::Method::put) {
        const auto body = api::read_body<EventBody>(request);
        plan.details = details_of(body, commands.settings().default_timezone);
        plan.capacity.emplace(body.capacity);
    } else {
        const auto body = api::read_body<EventChanges>(request);
        plan.details = changed_details(plan.before.details, body);
        plan.capacity = body.capacity;
    }
    // What would be refused anyway is not a matter of preconditions (RFC 9110 13.2.1).
    plan.preconditions.check(plan.before.details_version);
    plan.folded_before = fold(plan.before.details.title);
    plan.folded_after = fold(plan.details.title);
    return plan;
}

// Decides the change in the gathering's own shard; the title has been claimed before when it lies elsewhere.
Verdict decide_change(const PlannedChange& plan, const std::string& claim_id, const ShardState& state,
                      const Context& by, api::Event& facts) {
    const auto id = plan.before.gathering_id;
    const auto& gathering = gathering_in(state, id);
    facts = event_of(gathering, roster_in(state, id), by.actor);
    RecordBuilder record;
    const bool here = shard_of_title(plan.folded_after, state.shard_count) == state.shard;
    if (plan.title_changes() && here)
        record.add<Title>(Title::decide(Title::Claim{plan.folded_after, id, claim_id, true},
                                        title_in(state, plan.folded_after), by),
                          title_stream(plan.folded_after));
    Gathering::Change change{plan.details, plan.before.details_version, plan.title_changes() ? claim_id : ""};
    record.add<Gathering>(Gathering::decide(change, gathering, by), gathering_stream(id));
    if (plan.capacity)
        record.add<Roster>(Roster::decide(Roster::SetCapacity{*plan.capacity}, roster_in(state, id), by),
                           roster_stream(id));
    if (plan.title_changes()) add_title_release(record, state, gathering, by);
    return std::move(record).verdict();
}

// The rename is recorded, so it is answered as such; whoever asks for the title later confirms it too.
asio::awaitable<void> confirm_quietly(Shards& shards, std::string folded_title, GatheringId id,
                                      std::string claim_id) {
    try {
        co_await confirm_title(shards, std::move(folded_title), id, std::move(claim_id));
    } catch (const http::Problem&) {
    }
}

asio::awaitable<Receipt> carry_out_change(CommandHandling& commands, CommandOrigin origin,
                                          const PlannedChange& plan, api::Event& facts) {
    auto& shards = commands.shards();
    const auto id = plan.before.gathering_id;
    const auto claim_id = hex_of(new_command_id());
    const bool elsewhere = plan.title_changes() && shard_of_title(plan.folded_after, shards.count()) !=
                                                       shard_of_id(id.value, shards.count());
    if (plan.title_changes()) co_await settle_stale_claim(shards, plan.folded_after);
    if (elsewhere) {
        auto claim_origin = origin;
        claim_origin.idempotency.reset();
        co_await claim_title(shards, std::move(claim_origin), plan.folded_after, id, claim_id);
    }
    std::optional<http::Problem> refusal;
    Receipt receipt;
    try {
        Decide decide = [&](const ShardState& state, const Context& by) -> Verdict {
            // Somebody else may have been quicker since the plan was made.
            plan.preconditions.check(gathering_in(state, id).details_version);
            return decide_change(plan, claim_id, state, by, facts);
        };
        auto submitted = shards.of_id(id.value).submit(std::move(origin), std::move(decide));
        receipt = co_await std::move(submitted);
    } catch (const http::Problem& problem) {
        refusal = problem;
    }
    if (refusal) {
        // With an unknown outcome the claim stays for whoever asks next; a refusal is certain.
        if (elsewhere && refusal->status < 500)
            co_await release_title(shards, plan.folded_after, id, claim_id);
        throw *refusal;
    }
    if (elsewhere) co_await confirm_quietly(shards, plan.folded_after, id, claim_id);
    if (plan.title_changes()) co_await release_title_elsewhere(shards, plan.before);
    co_return receipt;
}

asio::awaitable<http::Response> change(CommandHandling& commands, http::Request& request) {
    const GatheringId id{request.ids.at(0)};
    const auto plan = plan_change(commands, request, id);
    const auto viewer = request.principal->user_id;
    api::Event facts = commands.shards().of_id(id.value).peek([&](const ShardState& state) {
        return event_of(gathering_in(state, id), roster_in(state, id), viewer);
    });
    bool decided = false;
    CommandHandling::Work work = [&](CommandOrigin origin) {
        decided = true;
        return carry_out_change(commands, std::move(origin), plan, facts);
    };
    MakeAnswer answer = [&](const LogEntry* entry) {
        // To a repeat, the facts hold what the record changed already.
        return event_response(decided ? event_after(facts, entry, viewer) : facts);
    };
    co_return co_await commands.run_work(request, std::move(work), std::move(answer));
}

asio::awaitable<http::Response> cancel(CommandHandling& commands, http::Request& request) {
    const GatheringId id{request.ids.at(0)};
    CancelBody body;
    if (!request.body.empty()) body = api::read_body<CancelBody>(request);
    const auto viewer = request.principal->user_id;
    api::Event facts;
    Gathering::State before;
    auto& shard = commands.shards().of_id(id.value);
    const auto look = [&](const ShardState& state) {
        before = gathering_in(state, id);
        facts = event_of(before, roster_in(state, id), viewer);
    };
    shard.peek(look);
    Decide decide = [&](const ShardState& state, const Context& by) -> Verdict {
        look(state);
        return decide_gathering_end(id, Gathering::Cancel{body.reason}, state, by);
    };
    MakeAnswer answer = [&](const LogEntry* entry) {
        return event_response(event_after(facts, entry, viewer));
    };
    auto response = co_await commands.run(request, shard, std::move(decide), std::move(answer));
    co_await release_title_elsewhere(commands.shards(), before);
    co_return response;
}

asio::awaitable<http::Response> remove(CommandHandling& commands, http::Request& request) {
    const GatheringId id{request.ids.at(0)};
    Gathering::State before;
    Decide decide = [&](const ShardState& state, const Context& by) -> Verdict {
        before = gathering_in(state, id);
        const bool is_there =
            before.phase != Gathering::Phase::none && before.phase != Gathering::Phase::deleted;
        // Whether there is one, and whether they may, comes before the version.
        if (is_there && (Gathering::is_host(before, by.actor) || by.role == Role::admin))
            Preconditions::of(request).check(before.details_version);
        return decide_gathering_end(id, Gathering::Delete{Roster::others_are_in(roster_in(state, id))}, state,
                                    by);
    };
    MakeAnswer answer = [](const LogEntry*) {
        http::Response response;
        response.status = 204;
        return response;
    };
    auto response = co_await commands.run(request, commands.shards().of_id(id.value), std::move(decide),
                                          std::move(answer));
    co_await release_title_elsewhere(commands.shards(), before);
    co_return response;
}

http::Route route(http::Method method, std::string pattern, std::string operation_id, std::string summary) {
    http::Route made;
    made.method = method;
    made.pattern = std::move(pattern);
    made.operation_id = std::move(operation_id);
    made.tag = "events";
    made.summary = std::move(summary);
    made.access = http::Access::user;
    made.command = true;
    return made;
}

std::vector<http::ResponseDoc> event_answers() {
    return with_common_problems(
        {{200, "The event.", api::schema_text<api::Event>(), {}},
         {400, "A live event has this title already.", "", {"title_taken"}},
         {403, "Only a host of the event or an admin may.", "", {"not_host"}},
         {404, "There is no such event.", "", {"not_found"}},
         {409,
          "Not possible as the event now stands.",
          "",
          {"event_closed", "changed_meanwhile", "rename_abandoned", "capacity_below_going"}},
         {412, "It has been changed since the version that If-Match names.", "", {"precondition_failed"}}});
}

}  // namespace

std::vector<http::Route> gathering_routes(CommandHandling& commands) {
    std::vector<http::Route> routes;
    const std::string example =
        R"({"title": "Jam at the Mole", "description": "Bring what you play.", )"
        R"("date": "2030-06-21T20:00:00", "location": "12 rue des Lombards, Paris", "capacity": 12})";

    auto made = route(http::Method::post, "/events", "createEvent", "Create an event");
    made.description =
        "The creator becomes host and first participant. Titles are unique among live events: 400 "
        "`title_taken`. "
        "`date` is the wall time on the poster, in `timezone`; it cannot be past.";
    made.creates = true;
    made.body_schema = api::body_schema<EventBody>();
    made.body_example = example;
    made.responses =
        with_common_problems({{200, "The event.", api::schema_text<api::Event>(), {}},
                              {400, "A live event has this title already.", "", {"title_taken"}}});
    made.handler = [&commands](http::Request& request) { return create(commands, request); };
    routes.push_back(std::move(made));

    made = route(http::Method::put, "/events/{event_id}", "replaceEvent", "Replace an event's details");
    made.description =
        "For its hosts and admins. Members left out get their defaults. `If-Match` takes an ETag or "
        "\"v<version>\": 412 when somebody was faster.";
    made.body_schema = api::body_schema<EventBody>();
    made.body_example = example;
    made.responses = event_answers();
    made.handler = [&commands](http::Request& request) { return change(commands, request); };
    routes.push_back(std::move(made));

    made =
        route(http::Method::patch, "/events/{event_id}", "changeEvent", "Change some of an event's details");
    made.description =
        "For its hosts and admins. Members left out stay as they are. `If-Match` takes an ETag or "
        "\"v<version>\": 412 when somebody was faster.";
    made.body_schema = api::body_schema<EventChanges>();
    made.body_example = R"({"location": "Halle Tony Garnier, Lyon", "capacity": 40})";
    made.responses = event_answers();
    made.handler = [&commands](http::Request& request) { return change(commands, request); };
    routes.push_back(std::move(made));

    made = route(http::Method::post, "/events/{event_id}/cancel", "cancelEvent", "Cancel an event");
    made.description =
        "For its hosts and admins. It stays visible as cancelled; its title is free again. Cancelling twice "
        "answers the same.";
    made.body_schema = api::body_schema<CancelBody>();
    made.body_example = R"({"reason": "The hall is flooded."})";
    made.body_required = false;
    made.responses = event_answers();
    made.handler = [&commands](http::Request& request) { return cancel(commands, request); };
    routes.push_back(std::move(made));

    made = route(http::Method::del, "/events/{event_id}", "deleteEvent", "Delete an event");
    made.description =
        "For its hosts and admins. When others are in, it is cancelled first, so that they hear of it. To "
        "keep it "
        "visible, cancel it instead.";
    auto answers = event_answers();
    answers.front() = {204, "It is gone.", "", {}};
    made.responses = std::move(answers);
    made.handler = [&commands](http::Request& request) { return remove(commands, request); };
    routes.push_back(std::move(made));
    return routes;
}

}  // namespace dacapo
