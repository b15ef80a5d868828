// The document is made from the routes: everything registered is in it, nothing else is, and it holds
// together.
#include "query/documents/openapi.hpp"
#include "api/resources.hpp"
#include "tests/support/query_server.hpp"

#include <doctest/doctest.h>
#include <boost/json.hpp>
#include <set>

namespace dacapo {
namespace {

namespace json = boost::json;
using Operations = std::set<std::pair<std::string, std::string>>;

boost::asio::awaitable<http::Response> nothing(http::Request&) { co_return http::Response{}; }

http::Route command_route() {
    http::Route route;
    route.method = http::Method::post;
    route.pattern = "/events/{event_id}/messages";
    route.operation_id = "sayIt";
    route.tag = "messages";
    route.summary = "Say it";
    route.description = "To all who are in.";
    route.access = http::Access::user;
    route.command = true;
    route.body_schema = R"({"type":"object","properties":{"content":{"type":"string"}}})";
    route.body_example = R"({"content":"hey"})";
    route.responses = {{200, "Said.", api::schema_text<api::Message>(), {}},
                       {409, "Too late.", "", {"event_closed", "already_joined"}},
                       {412, "Changed.", "", {"precondition_failed"}}};
    route.handler = nothing;
    return route;
}

struct Document : testing::QueryServer {
    Document() {
        auto all = router->routes();
        all.push_back(command_route());
        routes = with_documents(std::move(all), {"http://test", "1.2.3"});
        value = json::parse(openapi_document(routes, {"http://test", "1.2.3"}));
    }

    const json::object& operation(std::string_view path, std::string_view method) {
        return value.at("paths").at(path).at(method).as_object();
    }

    std::vector<http::Route> routes;
    json::value value;
};

// Calls `each` with every object of the tree.
template <class Each>
void walk(const json::value& value, Each&& each) {
    if (const auto* object = value.if_object()) {
        each(*object);
        for (const auto& member : *object) walk(member.value(), each);
    } else if (const auto* array = value.if_array()) {
        for (const auto& item : *array) walk(item, each);
    }
}

TEST_CASE_FIXTURE(Document, "the document holds every route of the router and no other") {
    Operations registered;
    for (const auto& route : routes) {
        std::string method(http::name_of(route.method));
        for (auto& c : method) c = static_cast<char>(std::tolower(c));
        registered.emplace(method, route.pattern);
    }
    Operations documented;
    for (const auto& path : value.at("paths").as_object())
        for (const auto& operation : path.value().as_object())
            documented.emplace(operation.key(), path.key());
    CHECK(registered == documented);
    CHECK(registered.contains({"get", "/openapi.json"}));
    CHECK(registered.contains({"get", "/docs"}));
    CHECK(registered.contains({"get", "/events/{event_id}"}));
}

TEST_CASE_FIXTURE(Document, "every reference resolves") {
    int count = 0;
    walk(value, [&](const json::object& object) {
        const auto* reference = object.if_contains("$ref");
        if (!reference) return;
        ++count;
        const std::string pointer(reference->as_string());
        boost::system::error_code error;
        CHECK_MESSAGE(value.find_pointer(pointer.substr(1), error) != nullptr, pointer);
    });
    CHECK(count > 20);
}

TEST_CASE_FIXTURE(Document,
                  "operation ids are unique and every operation answers and problems have a shape") {
    std::set<std::string> ids;
    for (const auto& path : value.at("paths").as_object())
        for (const auto& [method, operation] : path.value().as_object()) {
            CHECK(ids.emplace(operation.at("operationId").as_string()).second);
            CHECK(operation.as_object().contains("security"));
            CHECK(operation.as_object().contains("summary"));
            const auto& responses = operation.at("responses").as_object();
            CHECK(responses.contains("200"));
            CHECK(responses.contains("default"));
            for (const auto& [status, response] : responses)
                if (status[0] >= '4' && status[0] <= '5')
                    // A passed limit says, beside all else, which one.
                    CHECK(response.at("content").at("application/problem+json").at("schema").at("$ref") ==
                          (status == "429" ? "#/components/schemas/QuotaProblem"
                                           : "#/components/schemas/Problem"));
        }
}

TEST_CASE_FIXTURE(Document, "a component's example has exactly the members of its schema") {
    for (const auto& [name, schema] : value.at("components").at("schemas").as_object()) {
        const auto* examples = schema.as_object().if_contains("examples");
        REQUIRE_MESSAGE(examples, name);
        std::set<std::string> shown, named, required;
        for (const auto& member : examples->as_array().at(0).as_object()) shown.emplace(member.key());
        for (const auto& member : schema.at("properties").as_object()) named.emplace(member.key());
        for (const auto& member : schema.at("required").as_array()) required.emplace(member.as_string());
        CHECK_MESSAGE(shown == named, name);
        CHECK_MESSAGE(required == named, name);
    }
}

TEST_CASE_FIXTURE(Document, "what a POST made is linked to what can be done with it") {
    auto made = command_route();
    made.pattern = "/events";
    made.operation_id = "make";
    auto gone = command_route();
    gone.method = http::Method::del;
    gone.operation_id = "takeBack";
    auto known = routes;
    known.push_back(made);
    known.push_back(gone);
    const auto linked = json::parse(openapi_document(known, {"http://test", "1.2.3"}));
    const auto links_of = [&](std::string_view path) {
        return linked.at("paths").at(path).at("post").at("responses").at("200").at("links");
    };
    CHECK(links_of("/events").at("getEvent").at("parameters") ==
          json::parse(R"({"event_id":"$response.body#/id"})"));
    CHECK(links_of("/events/{event_id}/messages").at("takeBack").at("parameters") ==
          json::parse(R"({"event_id":"$request.path.event_id"})"));
    CHECK_FALSE(links_of("/events").as_object().contains("listParticipants"));
}

TEST_CASE_FIXTURE(Document, "a route's facts become its parameters and security and problems") {
    const auto& said = operation("/events/{event_id}/messages", "post");
    const auto& parameters = said.at("parameters").as_array();
    REQUIRE(parameters.size() == 3);
    CHECK(parameters[0].at("name") == "event_id");
    CHECK(parameters[0].at("schema").at("type") == "integer");
    CHECK(parameters[0].at("example") == 33);
    CHECK(parameters[1].at("name") == "Idempotency-Key");
    CHECK(parameters[2].at("name") == "If-Match");
    CHECK(said.at("security") == json::parse(R"([{"bearer":[]}])"));
    CHECK(said.at("requestBody").at("content").at("application/json").at("example") ==
          json::parse(R"({"content":"hey"})"));
    for (const auto* status : {"400", "401", "409", "413", "415", "422", "503"})
        CHECK_MESSAGE(said.at("responses").as_object().contains(status), status);
    const auto& late =
        said.at("responses").at("409").at("content").at("application/problem+json").at("examples");
    CHECK(late.at("event_closed").at("value").at("status") == 409);
    CHECK(late.at("event_closed").at("value").at("instance") == "/events/33/messages");
    CHECK(late.as_object().contains("already_joined"));

    CHECK(operation("/users", "get").at("security") == json::parse("[]"));
    CHECK(operation("/events", "get").at("security") == json::parse(R"([{}, {"bearer":[]}])"));
    CHECK(operation("/events", "get").at("responses").as_object().contains("304"));
    CHECK(operation("/events", "get").at("responses").at("200").at("headers").as_object().contains("Link"));
    CHECK(operation("/metrics", "get")
              .at("responses")
              .at("200")
              .at("content")
              .as_object()
              .contains("text/plain"));
}

TEST_CASE("a route without an operation id of its own or with a broken schema is refused") {
    const DocumentInfo info{"http://test", "1"};
    std::vector<http::Route> twice{command_route(), command_route()};
    CHECK_THROWS_AS(openapi_document(twice, info), std::logic_error);
    std::vector<http::Route> broken{command_route()};
    broken[0].body_schema = "{";
    CHECK_THROWS_AS(openapi_document(broken, info), std::logic_error);
    broken[0].body_schema = R"({"$ref":"#/components/schemas/Nobody"})";
    broken[0].responses[0].schema = broken[0].body_schema;
    CHECK_THROWS_AS(openapi_document(broken, info), std::logic_error);
    broken[0] = command_route();
    broken[0].responses[1].codes = {"made_up"};
    CHECK_THROWS_AS(openapi_document(broken, info), std::logic_error);
    broken[0] = command_route();
    broken[0].tag = "made up";
    CHECK_THROWS_AS(openapi_document(broken, info), std::logic_error);
    broken[0] = command_route();
    broken[0].pattern = "/events/{made_up}";
    CHECK_THROWS_AS(openapi_document(broken, info), std::logic_error);
    std::vector<http::Route> unnamed{command_route()};
    unnamed[0].operation_id.clear();
    CHECK_THROWS_AS(openapi_document(unnamed, info), std::logic_error);
}

TEST_CASE_FIXTURE(Document, "the document and the page are served with their tags") {
    router.emplace(std::move(routes));
    const auto document = get("/openapi.json");
    CHECK(json::parse(document.content()) == value);
    CHECK(get("/openapi.json", {}, {.if_none_match = testing::header_of(document, "ETag")}).status == 304);
    const auto page = get("/docs");
    CHECK(page.content_type == "text/html; charset=utf-8");
    CHECK(testing::header_of(page, "Content-Security-Policy").find("script-src 'self'") != std::string::npos);
}

}  // namespace
}  // namespace dacapo
