// Each request of document 001, sent as it is printed there; of the answers every printed field is compared.
#include "tests/support/running_server.hpp"

#include <doctest/doctest.h>
#include <thread>

namespace dacapo::test {
namespace {

const json::value zoe{{"username", "zoe"}, {"email", "zoe@example.org"}, {"password", password}};

// As printed, for an id, a title and an organizer.
json::value printed_event(std::int64_t id, std::string_view title, std::int64_t organizer_id) {
    return {{"id", id},
            {"title", title},
            {"description", "Bring what you play."},
            {"date", "2024-03-15T20:00:00"},
            {"location", "Docks, Lyon"},
            {"organizer_id", organizer_id}};
}

TEST_CASE("001: POST /register answers 200 with id and username and email") {
    RunningServer server;
    Client client(server);
    const auto answer = client.post("/register", zoe);
    REQUIRE(answer.status == 200);
    CHECK(answer.header("Content-Type") == "application/json");
    CHECK(answer.header("Location") == "/users/1");
    CHECK(differences(answer.json(), {{"id", 1}, {"username", "zoe"}, {"email", "zoe@example.org"}}) == "");

    const json::value second{{"username", "zoe2"}, {"email", "ZOE@example.org"}, {"password", password}};
    CHECK(client.post("/register", second).told() == "400 email_taken");
    const json::value third{{"username", "Zoe"}, {"email", "other@example.org"}, {"password", password}};
    CHECK(client.post("/register", third).told() == "400 username_taken");
    CHECK(client.get("/users/").json().as_array().size() == 1);
}

TEST_CASE("001: POST /login answers 200 with a bearer token or 401") {
    RunningServer server;
    server.person("zoe");
    Client client(server);
    const auto answer = client.post("/login", {{"email", "zoe@example.org"}, {"password", password}});
    REQUIRE(answer.status == 200);
    CHECK(answer.text("token_type") == "bearer");
    client.token = answer.text("access_token");
    CHECK(client.get("/auth/me").text("username") == "zoe");

    client.token.clear();
    const auto wrong =
        client.post("/login", {{"email", "zoe@example.org"}, {"password", "not the password"}});
    CHECK(wrong.told() == "401 invalid_credentials");
    const auto unknown = client.post("/login", {{"email", "nobody@example.org"}, {"password", password}});
    CHECK(unknown.told() == "401 invalid_credentials");
    CHECK(unknown.text("detail") == wrong.text("detail"));
    CHECK(client.post("/login", {{"username", "zoe"}, {"password", password}}).status == 200);
}

TEST_CASE("001: after POST /auth/logout the token is 401 everywhere") {
    RunningServer server;
    auto zoe_here = server.person("zoe");
    CHECK(zoe_here.get("/auth/me").status == 200);
    const auto answer = zoe_here.post("/auth/logout");
    CHECK(answer.status == 200);
    CHECK_FALSE(answer.text("message").empty());
    CHECK(zoe_here.is_signed_out());
    CHECK(zoe_here.create_event("Jam").status == 401);
    CHECK(zoe_here.post("/auth/logout").status == 401);
    CHECK(zoe_here.get("/events/").status == 401);  // open to all, but not to a bad token
}

TEST_CASE("001: GET /auth/me answers the connected user") {
    RunningServer server;
    auto person = server.person("zoe");
    const auto answer = person.get("/auth/me");
    CHECK(differences(answer.json(), {{"id", 1}, {"username", "zoe"}, {"email", "zoe@example.org"}}) == "");
    CHECK(person.get("/users/me").json() == answer.json());
    CHECK(Client(server).get("/auth/me").told() == "401 token_missing");
}

TEST_CASE("001: GET /users/ lists all users and GET /users/{user_id} shows one or 404") {
    RunningServer server;
    server.person("zoe");
    server.person("malik");
    Client client(server);
    const json::value zoe_shown{{"id", 1}, {"username", "zoe"}, {"email", "zoe@example.org"}};
    const json::value malik_shown{{"id", 2}, {"username", "malik"}, {"email", "malik@example.org"}};
    CHECK(differences(client.get("/users/").json(), json::array{zoe_shown, malik_shown}) == "");
    CHECK(differences(client.get("/users/2").json(), malik_shown) == "");
    CHECK(client.get("/users/3").told() == "404 not_found");
}

TEST_CASE("001: POST /events/ answers 200 with the event or 400 or 401") {
    RunningServer server;
    auto person = server.person("zoe");
    const auto answer = person.create_event("Soirée Jazz");
    REQUIRE(answer.status == 200);
    const auto id = answer.number("id");
    CHECK(differences(answer.json(), printed_event(id, "Soirée Jazz", person.id)) == "");
    CHECK(answer.header("Location") == "/events/" + std::to_string(id));

    for (const char* same : {"Soirée Jazz", "soiree jazz", "SOIRÉE  JAZZ", " Soire\u0301e Jazz "})
        CHECK_MESSAGE(person.create_event(same).told() == "400 title_taken", same);
    CHECK(person.create_event("Soirée Jazz 2").status == 200);

    Client client(server);
    CHECK(client.post("/events/", printed_event(1, "x", 1)).told() == "401 token_missing");
    client.token = "votre_token_jwt";
    CHECK(client.post("/events/", json::object{}).status == 401);
}

TEST_CASE("001: GET /events/ lists events and GET /events/{event_id} shows one or 404") {
    RunningServer server;
    auto person = server.person("zoe");
    const auto first = person.create_event("First").number("id");
    const auto second = person.create_event("Second", {{"date", "2024-03-16T20:00:00"}}).number("id");
    Client client(server);
    const auto list = client.get("/events/");
    CHECK(column(list.json(), "id") == json::array{first, second});
    CHECK(differences(list.json().at(0), printed_event(first, "First", person.id)) == "");
    CHECK(differences(client.get("/events/" + std::to_string(first)).json(),
                      printed_event(first, "First", person.id)) == "");
    CHECK(client.get("/events/999999").told() == "404 not_found");
}

TEST_CASE("001: messages are sent and received and marked as read") {
    RunningServer server;
    auto one = server.person("one");
    auto two = server.person("two");
    const auto sent =
        one.send("POST", "/messages/", "{\n    \"content\": \"Bonjour !\",\n    \"receiver_id\": 2\n}",
                 header("Content-Type", "application/json"));
    REQUIRE(sent.status == 200);
    json::value printed{
        {"id", sent.number("id")}, {"content", "Bonjour !"}, {"created_at", "2024-03-14T12:00:00Z"},
        {"sender_id", 1},          {"receiver_id", 2},       {"is_read", false}};
    CHECK(differences(sent.json(), printed) == "");
    CHECK(differences(two.get("/messages/received?skip=0&limit=100").json(), json::array{printed}) == "");
    CHECK(differences(one.get("/messages/sent?skip=0&limit=100").json(), json::array{printed}) == "");
    CHECK(one.get("/messages/received?skip=0&limit=100").json() == json::array{});
    CHECK(two.get("/auth/me").number("unread_messages") == 1);

    const auto read = "/messages/" + std::to_string(sent.number("id")) + "/read";
    CHECK(one.put(read).told() == "404 not_found");  // only for its receiver
    CHECK(Client(server).put(read).told() == "401 token_missing");
    printed.as_object()["is_read"] = true;
    CHECK(differences(two.put(read).json(), printed) == "");
    const auto head = server.log_head();
    CHECK(differences(two.put(read).json(), printed) == "");
    CHECK(server.log_head() == head);  // a second time records nothing
    CHECK(differences(two.get("/messages/received").json(), json::array{printed}) == "");
    CHECK(differences(one.get("/messages/sent").json(), json::array{printed}) == "");
    CHECK(two.get("/auth/me").number("unread_messages") == 0);
    CHECK(two.put("/messages/999999/read").told() == "404 not_found");
}

TEST_CASE("001: a WebSocket at /ws/{token} is sent new_message as it is printed") {
    RunningServer server;
    auto one = server.person("one");
    auto two = server.person("two");
    SocketClient socket(server.port(), "/ws/" + two.token);
    REQUIRE(socket.is_open());
    next_of(socket, "initial");  // What happens before it is in it.
    const auto id = one.message(two, "Bonjour !").number("id");
    const json::value printed{{"type", "new_message"},
                              {"message",
                               {{"id", id},
                                {"content", "Bonjour !"},
                                {"created_at", "2024-03-14T12:00:00Z"},
                                {"sender_id", 1},
                                {"receiver_id", 2},
                                {"is_read", false}}}};
    const auto frame = next_of(socket, "new_message");
    CHECK(differences(frame, printed) == "");
    CHECK(frame.at("position").is_string());
    const auto message_schema = json::value{{"$ref", "#/components/schemas/Message"}};
    CHECK(server.documented.mismatch(frame.at("message"), message_schema) == "");
}

TEST_CASE("001: the closing of a WebSocket tells a code and a reason") {
    RunningServer server;
    auto one = server.person("one");
    SocketClient socket(server.port(), "/ws/" + one.token);
    next_of(socket, "initial");
    std::thread stopping([&] { server.stop(); });
    SocketMessage last;
    do last = socket.receive();
    while (last.opcode == 1);
    socket.send_close(last.close_code);  // as every browser answers
    socket.wire().close();
    stopping.join();
    CHECK(last.opcode == 8);
    CHECK(last.close_code == 1001);
    CHECK_FALSE(last.payload.empty());
    server.start();
}

}  // namespace
}  // namespace dacapo::test
