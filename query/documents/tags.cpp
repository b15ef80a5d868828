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
