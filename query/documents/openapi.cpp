#include "query/documents/openapi.hpp"

#include "infra/http/problem.hpp"
#include "query/documents/components.hpp"
#include "query/documents/path_parameters.hpp"
#include "query/documents/problems.hpp"
#include "query/documents/tags.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <set>
#include <stdexcept>

namespace dacapo {
namespace {

namespace json = boost::json;
using http::Access;
using http::Route;

json::value parsed(const Route& route, const std::string& text) {
    boost::system::error_code error;
    auto value = json::parse(text, error);
    if (error) throw std::logic_error("route " + route.operation_id + " has a schema that is not JSON");
    return value;
}

bool takes(const Route& route, std::string_view parameter) {
    return std::any_of(route.query.begin(), route.query.end(),
                       [&](const auto& p) { return p.name == parameter; });
}
bool answers(const Route& route, int status) {
    return std::ranges::any_of(route.responses, [&](const auto& doc) { return doc.status == status; });
}
bool is_read(const Route& route) { return takes(route, "after"); }
bool takes_key(const Route& route) { return route.command && route.keyed; }
bool has_ids(const Route& route) { return route.pattern.find("_id}") != std::string::npos; }

// What the layers around the handler may answer, besides what the route itself documents.
std::map<int, std::set<std::string>> implied_problems(const Route& route) {
    std::map<int, std::set<std::string>> codes;
    if (route.access != Access::open) codes[401] = {"token_invalid"};
    if (route.access == Access::user) codes[401].insert("token_missing");
    if (route.counted) codes[429].insert("rate_limited");
    if (has_ids(route)) codes[422].insert("invalid_id");
    if (takes(route, "limit")) codes[422].insert("invalid");
    if (!route.body_schema.empty()) {
        codes[400].insert({"malformed_json", "duplicate_member"});
        codes[413].insert("body_too_large");
        codes[415].insert("unsupported_media_type");
        codes[422].insert("invalid");
    }
    if (takes_key(route)) {
        codes[400].insert("invalid_idempotency_key");
        codes[422].insert("idempotency_key_reused");
    }
    if (route.command) {
        codes[503].insert({"overloaded", "outcome_unknown", "shard_elsewhere"});
        codes[507].insert("disk_full");
    }
    if (is_read(route)) {
        codes[400].insert("position_unknown");
        codes[503].insert({"overloaded", "read_models_unavailable", "stopping"});
        codes[504].insert("not_there_yet");
    }
    return codes;
}

json::array parameters_of(const Route& route) {
    auto parameters = path_parameters_of(route.pattern);
    for (const auto& parameter : route.query)
        parameters.push_back({{"name", parameter.name},
                              {"in", "query"},
                              {"description", parameter.description},
                              {"schema", parsed(route, parameter.schema)}});
    const auto header = [&](std::string_view name, std::string_view description) {
        parameters.push_back({{"name", name},
                              {"in", "header"},
                              {"description", description},
                              {"schema", {{"type", "string"}}}});
    };
    if (is_read(route)) {
        header("If-None-Match", "An ETag: 304 when nothing has changed since.");
        header("Dacapo-Position", "What a command answered: this read waits until it shows that change.");
    }
    if (takes_key(route))
        header("Idempotency-Key", "The same key and body again give the first answer again.");
    if (answers(route, 412))
        header("If-Match", "An ETag, or \"v<version>\": 412 when it has been changed since.");
    return parameters;
}

void add_header(json::object& headers, std::string_view name) {
    headers[name] = {{"$ref", "#/components/headers/" + std::string(name)}};
}

void add_rate_headers(json::object& headers) {
    add_header(headers, "RateLimit-Policy");
    add_header(headers, "RateLimit");
}

bool is_list(const Route& route) {
    return std::ranges::any_of(route.responses, [&](const auto& doc) {
        if (doc.status != 200 || doc.schema.empty()) return false;
        const auto schema = parsed(route, doc.schema);
        return schema.is_object() && schema.as_object().contains("items");
    });
}

json::object headers_of(const Route& route, int status) {
    json::object headers;
    const auto add = [&](std::string_view name) { add_header(headers, name); };
    if (answers(route, 304) || is_read(route)) {
        add("ETag");
        add("Cache-Control");
    }
    if (is_read(route)) {
        add("Dacapo-Lag");
        if (is_list(route)) {
            add("Link");
            add("X-Total-Count");
        }
    }
    if (route.command) {
        add("Dacapo-Position");
        if (route.keyed) add("Idempotency-Replayed");
    }
    if (route.creates) add("Location");
    if (route.counted && status != 304) add_rate_headers(headers);
    return headers;
}

// The example of the schema that this one names, alone or as the items of a list.
json::value example_of(const json::value& schema, const json::object& components) {
    const auto* object = schema.if_object();
    if (!object) return nullptr;
    if (const auto* reference = object->if_contains("$ref")) {
        const std::string_view path(reference->as_string());
        const auto* named =
            components.at("schemas").as_object().if_contains(path.substr(path.rfind('/') + 1));
        if (!named) throw std::logic_error("no schema is named " + std::string(path));
        const auto* examples = named->as_object().if_contains("examples");
        return examples ? examples->as_array().at(0) : json::value(nullptr);
    }
    const auto* items = object->if_contains("items");
    if (!items) return nullptr;
    auto example = example_of(*items, components);
    return example.is_null() ? json::value(nullptr) : json::value(json::array{std::move(example)});
}

json::object success_of(const Route& route, const http::ResponseDoc& doc, const json::object& components,
                        std::span<const Route> routes) {
    json::object response{{"description", doc.description}};
    if (!doc.schema.empty()) {
        auto schema = parsed(route, doc.schema);
        auto example = doc.example.empty() ? example_of(schema, components) : parsed(route, doc.example);
        json::object media{{"schema", std::move(schema)}};
        if (!example.is_null()) media["example"] = std::move(example);
        response["content"] = json::object{{doc.content_type, std::move(media)}};
        if (auto links = links_of(route, routes); !links.empty()) response["links"] = std::move(links);
    }
    if (auto headers = headers_of(route, doc.status); !headers.empty())
        response["headers"] = std::move(headers);
    return response;
}

json::object problem_of(const Route& route, int status, std::string_view description,
                        const std::set<std::string>& codes) {
    json::object examples;
    const auto path = example_path_of(route.pattern);
    for (const auto& code : codes)
        examples[code] = {{"summary", meaning_of(code)}, {"value", problem_example(status, code, path)}};
    json::object media{
        {"schema",
         {{"$ref", std::string("#/components/schemas/") + (status == 429 ? "QuotaProblem" : "Problem")}}}};
    if (!examples.empty()) media["examples"] = std::move(examples);
    json::object response{{"description", description},
                          {"content", json::object{{"application/problem+json", std::move(media)}}}};
    json::object headers;
    if (status == 429 || status == 503) add_header(headers, "Retry-After");
    if (status == 429) add_rate_headers(headers);
    if (!headers.empty()) response["headers"] = std::move(headers);
    return response;
}

json::object responses_of(const Route& route, const json::object& components, std::span<const Route> routes) {
    auto problems = implied_problems(route);
    std::map<int, std::string> descriptions;
    json::object responses;
    for (const auto& doc : route.responses) {
        if (doc.status < 400) {
            responses[std::to_string(doc.status)] = success_of(route, doc, components, routes);
            continue;
        }
        problems[doc.status].insert(doc.codes.begin(), doc.codes.end());
        descriptions[doc.status] = doc.description;
    }
    if (is_read(route))
        responses["304"] = {{"description", "Nothing has changed since that ETag."},
                            {"headers", headers_of(route, 304)}};
    for (const auto& [status, codes] : problems) {
        auto& description = descriptions[status];
        if (description.empty()) description = http::reason_of(status);
        responses[std::to_string(status)] = problem_of(route, status, description, codes);
    }
    responses["default"] = problem_of(route, 500, "Any other problem.", {"internal_error"});
    return responses;
}

json::object operation_of(const Route& route, const json::object& components, std::span<const Route> routes) {
    json::object operation{{"operationId", route.operation_id}, {"summary", route.summary}};
    if (!route.tag.empty()) operation["tags"] = json::array{json::value(route.tag)};
    if (!route.description.empty()) operation["description"] = route.description;
    if (auto parameters = parameters_of(route); !parameters.empty())
        operation["parameters"] = std::move(parameters);
    if (!route.body_schema.empty()) {
        json::object media{{"schema", parsed(route, route.body_schema)}};
        if (!route.body_example.empty()) media["example"] = parsed(route, route.body_example);
        operation["requestBody"] = {{"required", route.body_required},
                                    {"content", json::object{{"application/json", std::move(media)}}}};
    }
    operation["responses"] = responses_of(route, components, routes);

    const json::object none;
    const json::object bearer{{"bearer", json::array()}};
    if (route.access == Access::open) operation["security"] = json::array();
    if (route.access == Access::optional) operation["security"] = {none, bearer};
    if (route.access == Access::user) operation["security"] = json::array{json::value(bearer)};
    return operation;
}

std::string lower_name(http::Method method) {
    std::string name(http::name_of(method));
    for (auto& c : name) c = static_cast<char>(c | 0x20);
    return name;
}

}  // namespace

std::string openapi_document(std::span<const Route> routes, const DocumentInfo& info) {
    auto components = api_components();
    json::object paths;
    std::set<std::string> tags;
    std::set<std::string> operation_ids;
    for (const auto& route : routes) {
        if (route.internal) continue;
        if (route.operation_id.empty() || !operation_ids.insert(route.operation_id).second)
            throw std::logic_error("route " + route.pattern + " needs an operation id of its own");
        if (!route.tag.empty()) tags.insert(route.tag);
        auto& path = paths[route.pattern];
        if (path.is_null()) path = json::object();
        path.as_object()[lower_name(route.method)] = operation_of(route, components, routes);
    }
    const json::object document{
        {"openapi", "3.1.0"},
        {"info",
         {{"title", "dacapo"},
          {"version", info.version},
          {"description",
           "Find events, take part, write to each other and say where you are. Begin with `POST /register` "
           "or "
           "`POST /login`: the `access_token` of the answer goes into `Authorization: Bearer`.\n\n"
           "Every path also answers under `/api` and with a trailing slash. Unknown query parameters are "
           "ignored, unknown members of a body are refused. Times are RFC 3339 in UTC. Every error is an RFC "
           "9457 problem, whose `type` leads to [its explanation](/docs#problems). Where a command takes "
           "`Idempotency-Key`, a retry with the same key does nothing twice."},
          {"contact", {{"name", "The operators of this server"}}},
          {"license", {{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}}}},
        {"servers", json::array{json::object{{"url", info.public_url}}}},
        {"tags", tags_of(std::move(tags))},
        {"paths", std::move(paths)},
        {"components", std::move(components)},
    };
    return json::serialize(document);
}

}  // namespace dacapo
