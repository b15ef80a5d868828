// Who may do what: one row for each operation of the API, one column for each kind of asker, and the status
// that each gets. The tests beside it are made from this table, and an operation without a row fails the
// suite.
#pragma once

#include <array>
#include <string_view>

namespace dacapo::test {

// `owner` is whose object the path or the body names: the host of the event, the receiver of the message, the
// person of the check-in or the session. Where nobody owns anything, all columns with a token mean the same.
struct AuthorisationRow {
    std::string_view operation;  // as the document has it; `*` at the end stands for all that begin so
    int anonymous;
    int owner;
    int other;  // and of the staff of the agency, who have no rights of their own here
    int admin;  // who owns nothing here
    std::string_view
        body;  // {n}: another number each time; {receiver}: the id of a user who is nobody of these
};

inline constexpr std::string_view event_body =
    R"({"title": "Jam {n}", "description": "", "date": "2024-03-20T20:00:00", "location": "Docks"})";
inline constexpr std::string_view name_body = R"({"name": "Name {n}"})";
inline constexpr std::string_view register_body =
    R"({"username": "nobody{n}", "email": "nobody{n}@example.org", "password": "correct horse battery"})";
inline constexpr std::string_view login_body = R"({"username": "zoe", "password": "correct horse battery"})";

inline constexpr auto authorisation_matrix = std::to_array<AuthorisationRow>({
    // Open to everybody, and the same for everybody.
    {"get /health", 200, 200, 200, 200, ""},
    {"get /livez", 200, 200, 200, 200, ""},
    {"get /readyz", 200, 200, 200, 200, ""},
    {"get /metrics", 200, 200, 200, 200, ""},
    {"get /openapi.json", 200, 200, 200, 200, ""},
    {"get /docs*", 200, 200, 200, 200, ""},
    {"get /users", 200, 200, 200, 200, ""},
    {"get /users/{user_id}", 200, 200, 200, 200, ""},
    {"get /events", 200, 200, 200, 200, ""},
    {"get /events/{event_id}", 200, 200, 200, 200, ""},
    {"get /events/{event_id}/participants", 200, 200, 200, 200, ""},
    {"get /checkins", 200, 200, 200, 200, ""},
    {"get /checkins/user/{user_id}", 200, 200, 200, 200, ""},
    {"get /instruments", 200, 200, 200, 200, ""},
    {"get /instruments/{instrument_id}", 200, 200, 200, 200, ""},
    {"get /genres", 200, 200, 200, 200, ""},
    {"get /genres/{genre_id}", 200, 200, 200, 200, ""},
    {"post /register", 200, 200, 200, 200, register_body},
    {"post /auth/register", 200, 200, 200, 200, register_body},
    {"post /login", 200, 200, 200, 200, login_body},
    {"post /auth/login", 200, 200, 200, 200, login_body},
    // The token in the body is what counts; this one is none.
    {"post /auth/refresh", 401, 401, 401, 401, R"({"refresh_token": "none"})"},

    // One's own, whoever one is.
    {"get /auth/me", 401, 200, 200, 200, ""},
    {"get /users/me", 401, 200, 200, 200, ""},
    {"get /auth/sessions", 401, 200, 200, 200, ""},
    {"post /ws/ticket", 401, 200, 200, 200, ""},
    {"post /auth/logout", 401, 200, 200, 200, ""},
    {"post /auth/password", 401, 403, 403, 403,
     R"({"old_password": "a guess", "new_password": "another {n}"})"},
    {"get /messages/received", 401, 200, 200, 200, ""},
    {"get /messages/sent", 401, 200, 200, 200, ""},
    {"post /messages", 401, 200, 200, 200, R"({"content": "Bonjour !", "receiver_id": {receiver}})"},
    {"post /checkins", 401, 200, 200, 200, R"({"location_name": "Docks"})"},
    {"post /events", 401, 200, 200, 200, event_body},

    // Everybody but the host, who is in already and may not leave.
    {"post /events/{event_id}/participation", 401, 409, 200, 200, ""},
    {"post /events/{event_id}/join", 401, 409, 200, 200, ""},
    {"post /events/{event_id}/attend", 401, 409, 200, 200, ""},
    {"delete /events/{event_id}/participation", 401, 409, 404, 404, ""},
    {"post /events/{event_id}/leave", 401, 409, 404, 404, ""},
    {"delete /events/{event_id}/attend", 401, 409, 404, 404, ""},

    // The owner's, and an admin's as the one who keeps order.
    {"put /events/{event_id}", 401, 200, 403, 200, event_body},
    {"patch /events/{event_id}", 401, 200, 403, 200, R"({"description": "Another {n}"})"},
    {"post /events/{event_id}/cancel", 401, 200, 403, 200, ""},
    {"delete /events/{event_id}", 401, 204, 403, 204, ""},
    {"delete /checkins/{checkin_id}", 401, 204, 403, 204, ""},
    {"delete /auth/sessions/{session_id}", 401, 204, 404, 204, ""},

    // The owner's alone: nobody else learns that it exists.
    {"put /messages/{message_id}/read", 401, 200, 404, 404, ""},

    // An admin's.
    {"post /instruments", 401, 403, 403, 200, name_body},
    {"put /instruments/{instrument_id}", 401, 403, 403, 200, name_body},
    {"delete /instruments/{instrument_id}", 401, 403, 403, 204, ""},
    {"post /genres", 401, 403, 403, 200, name_body},
    {"put /genres/{genre_id}", 401, 403, 403, 200, name_body},
    {"delete /genres/{genre_id}", 401, 403, 403, 204, ""},
});

}  // namespace dacapo::test
