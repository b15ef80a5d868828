#include "query/documents/components.hpp"

#include "api/resources.hpp"
#include "infra/http/problem.hpp"
#include "query/documents/problems.hpp"

namespace dacapo {
namespace {

namespace json = boost::json;

constexpr Timestamp at(std::int64_t epoch_s) { return Timestamp(std::chrono::seconds(epoch_s)); }
constexpr auto example_time = at(1'710'417'600);  // 2024-03-14T12:00:00Z

api::User example_user() {
    return {UserId{7},     "ana.ribeiro", "ana@example.org", "Ana Ribeiro",
            "Double bass", Role::user,    example_time};
}

api::Event example_event() {
    api::Event event;
    event.id = GatheringId{33};
    event.title = "Jam at the Mole";
    event.description = "Standards in the cellar; bring your instrument.";
    event.date = "2024-06-21T20:00:00";
    event.timezone = "Europe/Paris";
    event.starts_at = at(1'718'992'800);
    event.location = "12 rue des Lombards, Paris";
    event.latitude = 48.8594;
    event.longitude = 2.3488;
    event.type = GatheringKind::jam;
    event.organizer_id = UserId{7};
    event.capacity = 12;
    event.hosts = {UserId{7}};
    event.participant_count = 3;
    event.created_at = example_time;
    return event;
}

api::Message example_message() {
    api::Message message;
    message.id = MessageId{65};
    message.content = "See you at eight?";
    message.created_at = example_time;
    message.sender_id = UserId{7};
    message.receiver_id = UserId{9};
    message.conversation_id = ConversationId{49};
    message.client_id = "b2a1";
    return message;
}

api::CheckIn example_check_in() {
    api::CheckIn check_in;
    check_in.id = CheckInId{17};
    check_in.user_id = UserId{7};
    check_in.username = "ana.ribeiro";
    check_in.location_name = "Studio Bleu";
    check_in.message = "Room 4 until midnight";
    check_in.created_at = example_time;
    check_in.expires_at = example_time + std::chrono::hours(24);
    return check_in;
}

api::Authenticated example_authenticated() {
    const auto user = example_user();
    api::Authenticated answer;
    answer.id = user.id;
    answer.username = user.username;
    answer.email = "ana@example.org";
    answer.full_name = user.full_name;
    answer.created_at = user.created_at;
    answer.access_token = answer.token = "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl";
    answer.expires_in = 604'800;
    answer.refresh_token = "dr1.5.bm9uY2U.bWFj";
    answer.user = user;
    return answer;
}

api::Me example_me() {
    const auto user = example_user();
    return {user.id, user.username, user.email, user.full_name, user.bio, user.role, user.created_at, 2};
}

template <class T>
void add(json::object& schemas, const T& example) {
    auto schema = api::object_schema<T>();
    schema["examples"] = json::array{json::parse(api::to_json(example))};
    schemas[T::name] = std::move(schema);
}

json::object text(std::string_view description) { return {{"type", "string"}, {"description", description}}; }

void add_problem(json::object& schemas) {
    schemas["FieldError"] = {
        {"type", "object"},
        {"properties",
         {{"pointer", text("RFC 6901: /title of the body, /query/limit of the query.")},
          {"code", text("Stable, for programs.")},
          {"message", text("A sentence for people.")}}},
        {"required", {"pointer", "code", "message"}},
        {"examples", json::array{json::object{{"pointer", "/query/limit"},
                                              {"code", "out_of_range"},
                                              {"message", "At least 1, at most 500."}}}}};
    const json::object errors{{"type", "array"}, {"items", {{"$ref", "#/components/schemas/FieldError"}}}};
    schemas["Problem"] = {
        {"type", "object"},
        {"description", "RFC 9457: the one shape of every error."},
        {"properties",
         {{"type", {{"type", "string"}, {"format", "uri-reference"}}},
          {"title", text("The status in words.")},
          {"status", {{"type", "integer"}, {"minimum", 400}, {"maximum", 599}}},
          {"detail", text("What happened, for people.")},
          {"instance", text("The path asked for.")},
          {"code", text("Stable, for programs.")},
          {"request_id", text("Names the request in the server's log.")},
          {"errors", errors}}},
        {"required", {"type", "title", "status", "detail", "instance", "code", "request_id", "errors"}},
        {"examples", json::array{problem_example(404, "not_found", "/events/33")}}};
    auto quota = schemas["Problem"].as_object();
    quota["description"] = "A problem of status 429, with the names of the limits that were passed.";
    quota["properties"].as_object()["violated-policies"] = {{"type", "array"},
                                                            {"items", {{"type", "string"}}}};
    quota["required"].as_array().emplace_back("violated-policies");
    quota["examples"] = json::array{problem_example(429, "rate_limited", "/events/33")};
    schemas["QuotaProblem"] = std::move(quota);
}

json::object headers() {
    const auto sometimes = [](std::string_view description, json::object schema) {
        return json::object{{"description", description}, {"schema", std::move(schema)}};
    };
    const auto always = [](std::string_view description, json::object schema) {
        return json::object{{"description", description}, {"required", true}, {"schema", std::move(schema)}};
    };
    const auto of_pattern = [](std::string_view pattern) {
        return json::object{{"type", "string"}, {"pattern", pattern}};
    };
    const json::object from_zero{{"type", "integer"}, {"minimum", 0}};
    return {
        {"Cache-Control", always("To be asked for anew each time; kept by nobody else where it is private.",
                                 {{"type", "string"}, {"enum", {"no-cache", "no-cache, private"}}})},
        {"ETag", always("Changes when anything shown changes; send it back as If-None-Match.",
                        of_pattern("^\"[^\"]+\"$"))},
        {"Link", sometimes("RFC 8288: rel=next and rel=prev, absent where there is none.",
                           of_pattern("^<[^>]+>; rel=\"(next|prev)\"(, <[^>]+>; rel=\"(next|prev)\")*$"))},
        {"X-Total-Count", sometimes("With count=true: how many there are on all pages.", from_zero)},
        {"Dacapo-Position", always("Opaque: a read that brings it back shows at least this change.",
                                   {{"type", "string"}, {"minLength", 1}})},
        {"Dacapo-Lag", sometimes("Only when the answer may be behind: by how many seconds.",
                                 {{"type", "number"}, {"minimum", 0}})},
        {"Idempotency-Replayed",
         sometimes("When the command was carried out before, under the same Idempotency-Key.",
                   {{"type", "string"}, {"enum", {"true"}}})},
        {"Location", always("The path of what was made.", of_pattern("^/[a-z]+/[0-9]+$"))},
        {"RateLimit-Policy",
         sometimes("While limits are in force: the policy's name, its quota q and its window w in seconds.",
                   of_pattern("^\"[a-z-]+\";q=[0-9]+;w=[0-9]+$"))},
        {"RateLimit", sometimes("What remains (r) of that policy for this client, whole again in t seconds.",
                                of_pattern("^\"[a-z-]+\";r=[0-9]+;t=[0-9]+$"))},
        {"Retry-After", always("Seconds to wait before another try.", from_zero)},
    };
}

}  // namespace

json::object problem_example(int status, std::string_view code, std::string_view path) {
    json::object example{{"type", http::problem_type(status, code)},
                         {"title", http::reason_of(status)},
                         {"status", status},
                         {"detail", meaning_of(code)},
                         {"instance", path},
                         {"code", code},
                         {"request_id", "5f1c2a9e"}};
    json::array errors;
    if (status == 422)
        errors.emplace_back(json::object{
            {"pointer", "/title"}, {"code", "too_long"}, {"message", "At most 200 characters."}});
    example["errors"] = std::move(errors);
    if (status == 429)
        example["violated-policies"] = json::array{code == "throttled" ? "login-account" : "user-commands"};
    return example;
}

json::object api_components() {
    json::object schemas;
    add(schemas, example_user());
    add(schemas, example_me());
    add(schemas, example_authenticated());
    add(schemas,
        api::TokenPair{"eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl", "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl",
                       "bearer", 604'800, "dr1.5.bm9uY2U.bWFj"});
    add(schemas, api::Session{SessionId{5}, example_time, example_time, at(1'713'009'600), true});
    add(schemas, api::FeedTicketIssued{"dt1.3.user.5.1711022400000.1710417600000.bm9uY2U.bWFj", 30});
    add(schemas, api::Confirmation{"Done."});
    add(schemas, example_event());
    add(schemas, api::Participation{GatheringId{33}, UserId{9}, api::ParticipationStatus::waitlisted, 2,
                                    example_time});
    add(schemas, example_message());
    add(schemas, example_check_in());
    add(schemas, api::Instrument{InstrumentId{4}, "Double bass"});
    add(schemas, api::Genre{GenreId{2}, "Bossa nova"});
    add_problem(schemas);
    return {{"schemas", std::move(schemas)},
            {"headers", headers()},
            {"securitySchemes",
             {{"bearer",
               {{"type", "http"},
                {"scheme", "bearer"},
                {"bearerFormat", "JWT"},
                {"description",
                 "The access_token of POST /login or POST /register: a JWT, issued and checked as RFC8725 "
                 "advises."}}}}}};
}

}  // namespace dacapo
