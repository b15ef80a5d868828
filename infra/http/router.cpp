#include "infra/http/router.hpp"

#include "events/ids.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>

namespace dacapo::http {
namespace {

constexpr auto method_count = static_cast<std::size_t>(Method::other);  // of those that a route can have
constexpr std::array<Method, method_count> all_methods{
    Method::get, Method::head, Method::post, Method::put, Method::patch, Method::del, Method::options};

std::size_t index_of(Method method) { return static_cast<std::size_t>(method); }

std::optional<std::int64_t> parse_id(std::string_view text) {
    std::int64_t id = 0;
    const char* end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data(), end, id);
    // No sign, no leading zero: one id has one spelling.
    if (error != std::errc{} || at != end || text.front() < '1' || id >= id_limit) return std::nullopt;
    return id;
}

std::string_view next_segment(std::string_view& path) {
    path.remove_prefix(1);
    const auto end = std::min(path.find('/'), path.size());
    const auto segment = path.substr(0, end);
    path.remove_prefix(end);
    return segment;
}

}  // namespace

// `{event_id}` and `{event_id}.ics` are two variables of one node: they differ in what follows the brace.
struct Router::Node {
    struct Variable {
        std::string suffix;
        std::unique_ptr<Node> node;
    };

    std::vector<std::pair<std::string, std::unique_ptr<Node>>> fixed;
    std::vector<Variable> ids;
    std::vector<Variable> names;

    bool served = false;
    std::array<const Route*, method_count> routes{};
    const SocketRoute* socket = nullptr;
    std::string pattern;
    std::string allow;

    Node& child(std::string_view segment) {
        if (segment.starts_with('{')) {
            const auto close = segment.find('}');
            if (close == std::string_view::npos || close == 1)
                throw std::invalid_argument("a pattern's braces must hold a name");
            const auto name = segment.substr(1, close - 1);
            auto& variables = name == "id" || name.ends_with("_id") ? ids : names;
            const auto suffix = segment.substr(close + 1);
            for (Variable& variable : variables)
                if (variable.suffix == suffix) return *variable.node;
            variables.push_back({std::string(suffix), std::make_unique<Node>()});
            auto& made = *variables.back().node;
            // The longest suffix is tried first, so that `{id}.ics` is not taken for an odd `{id}`.
            std::ranges::stable_sort(variables, std::greater{},
                                     [](const Variable& v) { return v.suffix.size(); });
            return made;
        }
        for (auto& [text, node] : fixed)
            if (text == segment) return *node;
        fixed.emplace_back(segment, std::make_unique<Node>());
        return *fixed.back().second;
    }

    Node& descend(std::string_view path) {
        if (path.empty() || path.front() != '/')
            throw std::invalid_argument("a pattern must begin with a slash");
        if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
        Node* node = this;
        std::string_view rest = path;
        while (!rest.empty()) {
            const auto segment = next_segment(rest);
            if (segment.empty() && path.size() > 1)
                throw std::invalid_argument("a pattern has an empty segment");
            node = &node->child(segment);
        }
        node->served = true;
        node->pattern = path;
        return *node;
    }

    void describe() {
        for (const Method method : all_methods) {
            const bool has = routes[index_of(method)] != nullptr || method == Method::options ||
                             ((method == Method::head || method == Method::get) &&
                              (routes[index_of(Method::get)] != nullptr || socket != nullptr));
            if (!has) continue;
            if (!allow.empty()) allow += ", ";
            allow += name_of(method);
        }
        for (auto& entry : fixed) entry.second->describe();
        for (auto* variables : {&ids, &names})
            for (auto& variable : *variables) variable.node->describe();
    }

    struct Found {
        const Node* node = nullptr;
        bool id_refused = false;
    };

    Found find(std::string_view rest, Request& request) const {
        if (rest.empty()) return {served ? this : nullptr, false};
        const auto segment = next_segment(rest);
        for (const auto& [text, node] : fixed) {
            if (text != segment) continue;
            if (const auto found = node->find(rest, request); found.node != nullptr) return found;
        }
        if (segment.empty()) return {};
        const auto ids_before = request.ids.size();
        const auto names_before = request.names.size();
        Found refused;
        for (const bool as_id : {true, false}) {
            for (const Variable& variable : as_id ? ids : names) {
                if (!segment.ends_with(variable.suffix) || segment.size() == variable.suffix.size()) continue;
                const auto value = segment.substr(0, segment.size() - variable.suffix.size());
                const auto id = as_id ? parse_id(value) : std::nullopt;
                if (as_id)
                    request.ids.push_back(id.value_or(0));
                else
                    request.names.emplace_back(value);
                auto found = variable.node->find(rest, request);
                if (as_id && !id) found.id_refused = true;
                if (found.node != nullptr && !found.id_refused) return found;
                if (found.node != nullptr && refused.node == nullptr) refused = found;
                request.ids.resize(ids_before);
                request.names.resize(names_before);
            }
        }
        return refused;
    }
};

Router::Router(std::vector<Route> routes, std::vector<SocketRoute> sockets)
    : routes_(std::move(routes)), sockets_(std::move(sockets)), root_(std::make_unique<Node>()) {
    for (const Route& route : routes_) {
        if (!route.handler) throw std::invalid_argument("no handler: " + route.pattern);
        if (route.method == Method::other) throw std::invalid_argument("no method: " + route.pattern);
        const Route*& place = root_->descend(route.pattern).routes[index_of(route.method)];
        if (place != nullptr) throw std::invalid_argument("registered twice: " + route.pattern);
        place = &route;
    }
    for (const SocketRoute& socket : sockets_) {
        Node& node = root_->descend(socket.pattern);
        if (!socket.accept) throw std::invalid_argument("no accept: " + socket.pattern);
        if (node.socket != nullptr || node.routes[index_of(Method::get)] != nullptr)
            throw std::invalid_argument("registered twice: " + socket.pattern);
        node.socket = &socket;
    }
    root_->describe();
}

Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;
Router::~Router() = default;

Router::Match Router::find(Request& request) const {
    Match match;
    request.ids.clear();
    request.names.clear();
    if (request.path.empty() || request.path.front() != '/') return match;
    const auto [node, id_refused] = root_->find(request.path, request);
    if (node == nullptr) return match;
    match.path_known = true;
    match.id_refused = id_refused;
    match.allow = node->allow;
    match.pattern = node->pattern;
    if (request.method == Method::other) return match;
    match.route = node->routes[index_of(request.method)];
    const bool reads = request.method == Method::get || request.method == Method::head;
    if (match.route == nullptr && reads) match.route = node->routes[index_of(Method::get)];
    if (match.route == nullptr && reads) match.socket = node->socket;
    return match;
}

}  // namespace dacapo::http
