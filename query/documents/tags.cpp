#include "query/documents/tags.hpp"

#include <array>
#include <stdexcept>
#include <string_view>

namespace dacapo {
namespace {

struct Tag {
    std::string_view name;
    std::string_view description;
};

// In the order in which somebody who comes new needs them.
constexpr std::array tags{
    Tag{"accounts", "Register, log in and out, renew tokens, and see and end one's own sessions."},
    Tag{"users", "Who is there, and who am I."},
    Tag{"events", "Jams, concerts, rehearsals: find them, make them, change and cancel them."},
    Tag{"participation", "Take a seat at an event, or a place in line, and give it back."},
    Tag{"messages", "Direct messages between two people, perhaps about an event."},
    Tag{"check-ins", "Where people are right now; a check-in ends by itself after 24 hours."},
    Tag{"feeds",
        "What happens, as it happens: a WebSocket at `/ws`, which takes a ticket (`?ticket=`), an access "
        "token "
        "(`Authorization`, the subprotocol `bearer.<token>`, `?token=` or `/ws/<token>`), `?topics=` with "
        "some of "
        "messages, events and checkIns, and `?since=` with the position of the last frame after a lost "
        "connection. The first frame, `initial`, has what there is; then come `new_message`, `events` and "
        "`checkIns`, and types that a client does not know are to be ignored. Close codes 40xx: do not come "
        "back, 41xx: later, 42xx: at once."},
    Tag{"catalogue",
        "The instruments and genres that everybody chooses from. Everybody reads them, admins write them."},
    Tag{"health", "For operators and their machines: is the server alive, ready and up to date."},
    Tag{"documents", "This API about itself: the document, and the page that shows it."},
};

}  // namespace

boost::json::array tags_of(std::set<std::string> used) {
    boost::json::array described;
    for (const auto& tag : tags)
        if (used.erase(std::string(tag.name)) > 0)
            described.push_back({{"name", tag.name}, {"description", tag.description}});
    if (!used.empty()) throw std::logic_error("the tag " + *used.begin() + " is described nowhere");
    return described;
}

}  // namespace dacapo
