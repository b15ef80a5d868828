// GET /events/{event_id}/participants: who is in, in the order in which they came, then who waits, with their
// place.
#include "api/resources.hpp"
#include "infra/http/problem.hpp"
#include "query/read.hpp"
#include "query/routes.hpp"

namespace dacapo {
namespace {

namespace asio = boost::asio;

constexpr std::string_view select_event = "SELECT 1 FROM events WHERE id = $1";
// 'going' comes before 'waitlisted'.
constexpr std::string_view select_participants =
    "SELECT user_id, status, joined_at FROM participants WHERE event_id = $1 "
    "ORDER BY status, ordinal, user_id LIMIT $2 OFFSET $3";
constexpr std::string_view count_going =
    "SELECT count(*) FROM participants WHERE event_id = $1 AND status = 'going'";
constexpr std::string_view count_all = "SELECT count(*) FROM participants WHERE event_id = $1";

AnswerPtr read_list(sql::Session& session, const QueryContext& context, const http::Request& request,
                    const api::Page& page) {
    const GatheringId event_id{request.ids.at(0)};
    ListWriter list(page);
    std::optional<std::int64_t> total;
    session.consistently([&] {
        if (!session.value<int>(select_event, event_id))
            throw http::Problem(404, "not_found", "There is no such event.");
        // The first in line comes right after the last who is going.
        const auto going_count = session.value<std::int64_t>(count_going, event_id).value_or(0);
        std::int64_t row_number = page.skip;
        const auto add = [&](const sql::Row& row) {
            api::Participation participation;
            participation.event_id = event_id;
            row.read(0, participation.user_id);
            row.read(1, participation.status);
            row.read(2, participation.joined_at);
            ++row_number;
            if (participation.status == api::ParticipationStatus::waitlisted)
                participation.position = row_number - going_count;
            list.add(participation);
        };
        session.query(select_participants, event_id, list.row_count_max(), page.skip, add);
        if (page.count) total = session.value<std::int64_t>(count_all, event_id);
    });
    return list.finish(context, request, total);
}

asio::awaitable<http::Response> list_participants(const QueryContext& context, http::Request& request) {
    auto key = api::question_of(request);
    if (const auto hit = context.caches.here().find(key)) co_return respond(*hit, request);

    api::QueryReader query(request);
    const auto page = query.page();
    query.done();
    auto read = [&context, &request, page](sql::Session& session) {
        return read_list(session, context, request, page);
    };
    std::vector<Tag> tags{{TagKind::event, request.ids.at(0)}};
    const auto answer = co_await fill(context, std::move(key), std::move(tags), std::move(read));
    co_return respond(*answer, request);
}

}  // namespace

std::vector<http::Route> roster_queries(const QueryContext& context) {
    auto list = [&context](http::Request& request) { return list_participants(context, request); };
    auto participants =
        read_route(context, "/events/{event_id}/participants", "listParticipants", std::move(list));
    participants.tag = "participation";
    participants.summary = "Who takes part and who waits";
    participants.description =
        "Those who are going, in the order of joining, then the waiting list in its order: whoever has "
        "`position` 1 "
        "gets the next seat.";
    add_page_parameters(participants);
    participants.responses = {
        {200, "A page of participations.", api::list_schema_text<api::Participation>(), {}},
        {404, "No such event.", "", {"not_found"}}};
    return {std::move(participants)};
}

}  // namespace dacapo
