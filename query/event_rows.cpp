#include "query/event_rows.hpp"

#include <charconv>

namespace dacapo {
namespace {

// `[1,2]`, as the projection writes it.
std::vector<UserId> ids_of(std::string_view array) {
    std::vector<UserId> ids;
    const char* at = array.data();
    const char* const end = array.data() + array.size();
    while (at != end) {
        UserId id;
        const auto [next, error] = std::from_chars(at, end, id.value);
        if (error == std::errc{}) ids.push_back(id);
        at = error == std::errc{} ? next : at + 1;
    }
    return ids;
}

}  // namespace

void read_event(const sql::Row& row, api::Event& event) {
    int column = 0;
    const auto next = [&](auto& member) { row.read(column++, member); };
    next(event.id);
    next(event.title);
    next(event.description);
    next(event.date);
    next(event.ends_at);
    next(event.timezone);
    next(event.starts_at);
    next(event.location);
    next(event.latitude);
    next(event.longitude);
    next(event.type);
    next(event.status);
    next(event.organizer_id);
    event.hosts = ids_of(row.get<std::string_view>(column++));
    next(event.capacity);
    next(event.participant_count);
    next(event.waitlist_count);
    next(event.created_at);
    next(event.version);
}

}  // namespace dacapo
