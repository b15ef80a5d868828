// Joining and leaving gatherings.
#include "api/body.hpp"
#include "api/resources.hpp"
#include "command/routes.hpp"

#include <boost/asio/use_awaitable.hpp>

namespace dacapo {
namespace {

namespace asio = boost::asio;

enum class WantedStatus { going };

}  // namespace

template <>
struct EnumNames<WantedStatus> {
    static constexpr std::array<std::string_view, 1> names{"going"};
};

namespace {

struct JoinBody {
    std::optional<WantedStatus> status;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("status", self.status, api::Hint{"When the event is full, the answer says `waitlisted`."});
    }
};

Verdict decide_roster(GatheringId id, const Roster::Command& command, const ShardState& state,
                      const Context& by) {
    const auto* roster = state.roster(id);
    const auto* gathering = state.gathering(id);
    if (!roster || !gathering || gathering->state.phase == Gathering::Phase::deleted)
        return not_found("event");
    // An event that is over does not wait for the clock to say so.
    const bool over = gathering->state.phase == Gathering::Phase::scheduled &&
                      !Gathering::is_live(gathering->state, by.now);
    if (over) return problem_of(Roster::Refusal::closed);
    return verdict_of<Roster>(Roster::decide(command, roster->state, by), {StreamKind::roster, id.value});
}

asio::awaitable<http::Response> join(CommandHandling& commands, http::Request& request) {
    const GatheringId id{request.ids.at(0)};
    if (!request.body.empty()) api::read_body<JoinBody>(request);
    Decide decide = [&](const ShardState& state, const Context& by) {
        return decide_roster(id, Roster::Join{}, state, by);
    };
    MakeAnswer answer = [](const LogEntry* entry) {
        api::Participation seat;
        if (const auto* joined = find_event<ParticipantJoined, RosterEvent>(entry)) {
            seat = {joined->gathering_id,
                    joined->user_id,
                    api::ParticipationStatus::going,
                    {},
                    joined->joined_at};
        } else if (const auto* waits = find_event<WaitlistEntered, RosterEvent>(entry)) {
            seat = {waits->gathering_id, waits->user_id, api::ParticipationStatus::waitlisted, waits->place,
                    waits->entered_at};
        }
        http::Response response;
        response.body = api::to_json(seat);
        return response;
    };
    co_return co_await commands.run(request, commands.shards().of_id(id.value), std::move(decide),
                                    std::move(answer));
}

asio::awaitable<http::Response> leave(CommandHandling& commands, http::Request& request) {
    const GatheringId id{request.ids.at(0)};
    Decide decide = [&](const ShardState& state, const Context& by) {
        return decide_roster(id, Roster::Leave{}, state, by);
    };
    MakeAnswer answer = [](const LogEntry*) {
        http::Response response;
        response.status = 204;
        return response;
    };
    co_return co_await commands.run(request, commands.shards().of_id(id.value), std::move(decide),
                                    std::move(answer));
}

}  // namespace

std::vector<http::Route> roster_routes(CommandHandling& commands) {
    std::vector<http::Route> routes;
    const auto add = [&](http::Method method, const char* pattern, const char* operation_id, bool joining) {
        http::Route route;
        route.method = method;
        route.pattern = pattern;
        route.operation_id = operation_id;
        route.tag = "participation";
        route.summary = joining ? "Join an event" : "Leave an event";
        route.access = http::Access::user;
        route.command = true;
        if (joining) {
            route.description =
                "Takes a seat. A full event answers 200 with status `waitlisted` and the place in line; a "
                "seat that is "
                "given back goes to whoever is next. Twice is 409, and so is an event that is over.";
            route.body_schema = api::body_schema<JoinBody>();
            route.body_example = R"({"status": "going"})";
            route.body_required = false;
            route.responses = with_common_problems(
                {{200, "The seat, or the place in line.", api::schema_text<api::Participation>(), {}},
                 {404, "There is no such event.", "", {"not_found"}},
                 {409, "In already, or too late.", "", {"already_joined", "event_closed"}}});
            route.handler = [&commands](http::Request& request) { return join(commands, request); };
        } else {
            route.description =
                "Gives the seat, or the place in line, back. A freed seat goes at once to the first in line. "
                "The "
                "organizer cannot leave: 409; cancelling the event is the way out.";
            route.responses = with_common_problems(
                {{204, "Out.", "", {}},
                 {404, "There is no such event, or you are not in.", "", {"not_found", "not_in"}},
                 {409, "Too late, or the organizer.", "", {"event_closed", "creator_cannot_leave"}}});
            route.handler = [&commands](http::Request& request) { return leave(commands, request); };
        }
        routes.push_back(std::move(route));
    };
    add(http::Method::post, "/events/{event_id}/participation", "participate", true);
    add(http::Method::del, "/events/{event_id}/participation", "endParticipation", false);
    add(http::Method::post, "/events/{event_id}/join", "joinEvent", true);
    add(http::Method::post, "/events/{event_id}/leave", "leaveEvent", false);
    add(http::Method::post, "/events/{event_id}/attend", "attendEvent", true);
    add(http::Method::del, "/events/{event_id}/attend", "unattendEvent", false);
    return routes;
}

}  // namespace dacapo
