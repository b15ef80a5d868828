#include "tests/support/query_server.hpp"

#include "infra/http/problem.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

namespace dacapo::testing {
namespace {

std::string decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
        i += 2;
    }
    return out;
}

http::Request request_of(std::string_view target, UserId viewer, const Sent& sent) {
    http::Request request;
    const auto question = std::min(target.find('?'), target.size());
    request.path = target.substr(0, question);
    for (auto rest = target.substr(std::min(question + 1, target.size())); !rest.empty();) {
        const auto pair = rest.substr(0, std::min(rest.find('&'), rest.size()));
        const auto equals = std::min(pair.find('='), pair.size());
        request.query.emplace_back(decoded(pair.substr(0, equals)),
                                   decoded(pair.substr(std::min(equals + 1, pair.size()))));
        rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    }
    if (viewer) request.principal = http::Principal{viewer, {}, Role::user};
    request.if_none_match = sent.if_none_match;
    request.dacapo_position = sent.position;
    request.cookie = sent.cookie;
    return request;
}

http::Response run(const http::Handler& handler, http::Request& request) {
    boost::asio::io_context context_of_request;
    std::optional<http::Response> response;
    std::exception_ptr error;
    const auto done = [&](std::exception_ptr failure, http::Response made) {
        error = failure;
        if (!failure) response = std::move(made);
    };
    boost::asio::co_spawn(context_of_request, handler(request), done);
    context_of_request.run();
    if (error) std::rethrow_exception(error);
    return std::move(*response);
}

}  // namespace

std::string header_of(const http::Response& response, std::string_view name) {
    for (const auto& [key, value] : response.headers)
        if (key == name) return value;
    return "";
}

QueryServer::QueryServer() { restart(EmailVisibility::everyone); }

QueryServer::~QueryServer() {
    if (projecting_.joinable()) projecting_.join();
    projector.database.stop();
}

void QueryServer::restart(EmailVisibility policy) {
    caches = std::make_unique<Caches>(4 * 1024 * 1024);
    progress = &projector.progress;
    const QuerySettings settings{"http://test", policy, "Europe/Paris", "1.2.3", std::chrono::hours(720)};
    context = std::make_unique<QueryContext>(
        QueryContext{log, projector.database, *progress, *caches, clock, settings, [this] { return lag_s; }});
    std::vector<http::Route> routes;
    for (auto* queries : {user_queries, session_queries, event_queries, roster_queries, message_queries,
                          check_in_queries, catalogue_queries})
        for (auto& route : queries(*context)) routes.push_back(std::move(route));
    health.lag_seconds = context->lag_seconds;
    health.passed = [this] { return progress->passed(); };
    health.database = &projector.database;
    health.version = settings.version;
    for (auto& route : health_queries(log, clock, health)) routes.push_back(std::move(route));
    routes.push_back(metrics_query(health));
    router.emplace(std::move(routes));
}

Position QueryServer::add_unprojected(int shard, StreamEvent event) {
    return log.add(shard, {std::move(event)});
}

Position QueryServer::add(int shard, StreamEvent event) {
    const auto position = add_unprojected(shard, std::move(event));
    projector.catch_up();
    return position;
}

void QueryServer::project_soon() {
    projecting_ = std::thread([this] {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        projector.catch_up();
    });
}

http::Response QueryServer::get(const std::string& target, UserId viewer, const Sent& sent) {
    auto request = request_of(target, viewer, sent);
    try {
        const auto match = router->find(request);
        if (!match.route) throw http::Problem(404, "no_route", "");
        return run(match.route->handler, request);
    } catch (const http::Problem& problem) {
        return http::to_response(problem, request);
    }
}

std::string QueryServer::problem_of(const std::string& target, UserId viewer, const Sent& sent) {
    const auto response = get(target, viewer, sent);
    const std::string body(response.content());
    const auto code = body.find("\"code\":\"");
    if (code == body.npos) return std::to_string(response.status);
    return std::to_string(response.status) + " " + body.substr(code + 8, body.find('"', code + 8) - code - 8);
}

RunnerOptions QueryServer::dropping() {
    RunnerOptions options;
    options.sinks.push_back([this](auto entries) { drop_for(caches->counters(), entries); });
    return options;
}

}  // namespace dacapo::testing
