#include "query/documents/path_parameters.hpp"

#include "events/ids.hpp"

#include <array>
#include <stdexcept>
#include <vector>

namespace dacapo {
namespace {

namespace json = boost::json;

struct Known {
    std::string_view name;
    std::int64_t example;
    std::string_view description;
};

// The examples are those of the resources' own examples (components.cpp).
constexpr std::array known{
    Known{"user_id", 7, "The user's `id`."},
    Known{"event_id", 33, "The event's `id`, as the list of events and its creation tell it."},
    Known{"message_id", 65, "The message's `id`."},
    Known{"checkin_id", 17, "The check-in's `id`."},
    Known{"session_id", 5, "The session's `id`, as the list of sessions tells it."},
    Known{"instrument_id", 4, "The instrument's `id`."},
    Known{"genre_id", 2, "The genre's `id`."},
};

const Known& known_of(std::string_view name) {
    for (const auto& one : known)
        if (one.name == name) return one;
    throw std::logic_error("the path parameter " + std::string(name) + " is described nowhere");
}

std::vector<std::string_view> names_in(std::string_view pattern) {
    std::vector<std::string_view> names;
    for (auto at = pattern.find('{'); at != pattern.npos; at = pattern.find('{', at + 1))
        names.push_back(pattern.substr(at + 1, pattern.find('}', at) - at - 1));
    return names;
}

json::object link_to(const http::Route& target, std::string_view expression_of_last) {
    json::object parameters;
    const auto names = names_in(target.pattern);
    for (const auto name : names) parameters[name] = "$request.path." + std::string(name);
    if (!expression_of_last.empty()) parameters[names.back()] = expression_of_last;
    return {{"operationId", target.operation_id},
            {"description", target.summary + "."},
            {"parameters", std::move(parameters)}};
}

}  // namespace

json::array path_parameters_of(std::string_view pattern) {
    json::array parameters;
    for (const auto name : names_in(pattern)) {
        const auto& one = known_of(name);
        parameters.push_back({{"name", name},
                              {"in", "path"},
                              {"required", true},
                              {"description", one.description},
                              {"schema", {{"type", "integer"}, {"minimum", 1}, {"maximum", id_limit - 1}}},
                              {"example", one.example}});
    }
    return parameters;
}

std::string example_path_of(std::string_view pattern) {
    std::string path(pattern);
    for (const auto name : names_in(pattern)) {
        const auto at = path.find('{');
        path.replace(at, name.size() + 2, std::to_string(known_of(name).example));
    }
    return path;
}

json::object links_of(const http::Route& route, std::span<const http::Route> routes) {
    json::object links;
    if (route.method != http::Method::post) return links;
    for (const auto& other : routes) {
        if (other.method == http::Method::del && other.pattern == route.pattern)
            links[other.operation_id] = link_to(other, {});
        const bool below = other.pattern.starts_with(route.pattern + "/{") && other.pattern.ends_with('}');
        if (below && names_in(other.pattern).size() == names_in(route.pattern).size() + 1)
            links[other.operation_id] = link_to(other, "$response.body#/id");
    }
    return links;
}

}  // namespace dacapo
