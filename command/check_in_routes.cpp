// Checking in somewhere and out again.
#include "api/body.hpp"
#include "api/resources.hpp"
#include "command/routes.hpp"

#include <boost/asio/use_awaitable.hpp>

namespace dacapo {
namespace {

namespace asio = boost::asio;

struct CheckInBody {
    std::string location_name;
    std::optional<double> latitude;
    std::optional<double> longitude;
    std::optional<std::string> status_emoji;
    std::optional<std::string> message;
    std::optional<GatheringId> event_id;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("location_name", self.location_name, api::Text{1, location_name_characters_max},
              api::Alias{"locationName"});
        field("latitude", self.latitude, api::Range{-90, 90}, api::Hint{"Degrees, WGS 84; both or none."});
        field("longitude", self.longitude, api::Range{-180, 180});
        field("status_emoji", self.status_emoji, api::Text{0, status_emoji_bytes_max},
              api::Alias{"statusEmoji"});
        field("message", self.message, api::Text{0, check_in_message_characters_max, Lines::many});
        field("event_id", self.event_id, api::Alias{"eventId"});
    }
};

const CheckIns::State& check_in_of(const ShardState& state, UserId person) {
    static const CheckIns::State none;
    const auto found = state.check_ins.find(person);
    return found == state.check_ins.end() ? none : found->second.state;
}

http::Response check_in_response(const CheckedIn& e, const std::string& username) {
    api::CheckIn shown;
    shown.id = e.check_in_id;
    shown.user_id = e.user_id;
    shown.username = username;
    shown.location_name = e.location_name;
    shown.latitude = e.latitude;
    shown.longitude = e.longitude;
    shown.status_emoji = e.status_emoji;
    shown.message = e.message;
    shown.event_id = e.event_id;
    shown.created_at = e.checked_in_at;
    shown.expires_at = e.expires_at;
    http::Response response;
    response.body = api::to_json(shown);
    return response;
}

asio::awaitable<http::Response> check_in(CommandHandling& commands, http::Request& request) {
    const auto body = api::read_body<CheckInBody>(request);
    auto& shard = commands.shards().of_person(request.principal->user_id);
    if (body.event_id) {
        const bool exists = co_await commands.shards().gathering_exists(*body.event_id);
        if (!exists) throw http::Problem(404, "event_not_found", "There is no such event.");
    }
    CheckIns::CheckIn command{
        {},           body.location_name, body.latitude, body.longitude, body.status_emoji,
        body.message, body.event_id};
    if (const auto faults = CheckIns::faults(command); !faults.empty()) throw problem_of(faults);
    const auto person = request.principal->user_id;
    const auto account = co_await commands.registration_of(person);
    Decide decide = [&](const ShardState& state, const Context& by) {
        command.check_in_id = state.next_check_in();
        return verdict_of<CheckIns>(CheckIns::decide(command, check_in_of(state, person), by),
                                    {StreamKind::check_in, person.value});
    };
    MakeAnswer answer = [&](const LogEntry* entry) {
        return check_in_response(*find_event<CheckedIn, CheckInEvent>(entry), account.username);
    };
    co_return co_await commands.run(request, shard, std::move(decide), std::move(answer));
}

asio::awaitable<http::Response> check_out(CommandHandling& commands, http::Request& request) {
    const CheckInId id{request.ids.at(0)};
    Decide decide = [&](const ShardState& state, const Context& by) -> Verdict {
        const auto found = state.active_check_ins.find(id);
        if (found == state.active_check_ins.end()) return problem_of(CheckIns::Refusal::not_found);
        const auto person = found->second;
        return verdict_of<CheckIns>(CheckIns::decide(CheckIns::CheckOut{id}, check_in_of(state, person), by),
                                    {StreamKind::check_in, person.value});
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

std::vector<http::Route> check_in_routes(CommandHandling& commands) {
    std::vector<http::Route> routes;
    http::Route route;
    route.method = http::Method::post;
    route.pattern = "/checkins";
    route.operation_id = "checkIn";
    route.tag = "check-ins";
    route.summary = "Say where you are";
    route.description =
        "Shows everybody where you are, perhaps at which event. Replaces your active check-in; ends by "
        "itself after 24 "
        "hours.";
    route.access = http::Access::user;
    route.command = true;
    route.body_schema = api::body_schema<CheckInBody>();
    route.body_example = R"({"location_name": "Le Sucre", "latitude": 45.737, "longitude": 4.815})";
    route.responses = with_common_problems({{200, "The check-in.", api::schema_text<api::CheckIn>(), {}},
                                            {404, "There is no such event.", "", {"event_not_found"}}});
    route.handler = [&commands](http::Request& request) { return check_in(commands, request); };
    routes.push_back(route);

    route.method = http::Method::del;
    route.pattern = "/checkins/{checkin_id}";
    route.operation_id = "checkOut";
    route.summary = "End a check-in";
    route.description = "Before its 24 hours are over. Your own, or anybody's for an admin.";
    route.body_schema.clear();
    route.body_example.clear();
    route.responses = with_common_problems({{204, "Ended.", "", {}},
                                            {403, "It is somebody else's.", "", {"not_yours"}},
                                            {404, "There is no such active check-in.", "", {"not_found"}}});
    route.handler = [&commands](http::Request& request) { return check_out(commands, request); };
    routes.push_back(std::move(route));
    return routes;
}

}  // namespace dacapo
